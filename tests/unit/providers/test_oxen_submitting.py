"""What becomes of a paid call to Oxen: one table from what it does to what we make of it."""

import pytest

from tests.unit.providers.exchange import OXEN_OFFER, Does, an_order, outcome, oxen, says, submitted
from tests.unit.providers.outcomes import (
    ANY_PROVIDER,
    AUTH,
    CREDITS,
    POLICY,
    REJECTED,
    SLOW_DOWN,
    UNKNOWN,
)


def queued(*ids: object) -> dict[str, object]:
    return {"generations": [{"generation_id": id_, "status": "queued"} for id_ in ids]}


def typed(kind: str, title: str = "Error", detail: str = "") -> dict[str, object]:
    error = {"type": kind, "title": title, "detail": detail}
    return {"error": error, "status": "error", "status_message": kind}


def plain(message: str) -> dict[str, object]:
    return {"error": {"message": message}}


ACCEPTED: list[tuple[str, Does, str]] = [
    ("as many ids as asked for", says(queued("a", "b")), "accepted: a b"),
    ("fewer ids than asked for", says(queued("a")), "accepted: a"),
    ("more ids than asked for", says(queued("a", "b", "c")), "accepted: a b c"),
    ("201", says(queued("a", "b"), status=201), "accepted: a b"),
    ("202", says(queued("a", "b"), status=202), "accepted: a b"),
    ("an id beside one that cannot be read", says(queued(None, "b")), "accepted: b"),
    (
        "an id beside a row that is none",
        says({"generations": [7, {"generation_id": "b"}]}),
        "accepted: b",
    ),
    ("an error beside the ids", says({**queued("a"), **plain("no credits")}), "accepted: a"),
    ("fields nobody knows", says({**queued("a"), "count": 1, "trace": {}}), "accepted: a"),
]  # fmt: skip

OTHERWISE: list[tuple[str, Does, str]] = [
    ("200 with no generations", says(queued()), UNKNOWN),
    ("200 with no generations and a null error", says({**queued(), "error": None}), UNKNOWN),
    ("200 without generations", says({"status": "success"}), UNKNOWN),
    ("200 with null for generations", says({"generations": None}), UNKNOWN),
    ("200 with a text for generations", says({"generations": "a"}), UNKNOWN),
    ("200 with an object for generations", says({"generations": {"generation_id": "a"}}), UNKNOWN),
    ("200 with texts for generations", says({"generations": ["a"]}), UNKNOWN),
    ("a number for an id", says(queued(5)), UNKNOWN),
    ("an empty id", says(queued("")), UNKNOWN),
    ("half a character for an id", says(queued("\ud83d")), UNKNOWN),
    ("an unknown error in a 200", says(typed("unknown_error")), UNKNOWN),
    ("a message alone in a 200", says(plain("something broke")), UNKNOWN),
    ("ids beside status 400", says(queued("a"), status=400), UNKNOWN),
    ("ids beside status 429", says(queued("a"), status=429), UNKNOWN),
    ("ids beside status 500", says(queued("a"), status=500), UNKNOWN),
    ("an unreadable id beside status 400", says(queued(5), status=400), UNKNOWN),
    (
        "200 with no generations and an error",
        says({**queued(), **plain("num_generations must be an integer between 1 and 4")}),
        REJECTED,
    ),
    (
        "200 with no generations for want of credits",
        says({**queued(), **plain("Insufficient credits")}),
        CREDITS,
    ),
    (
        "200 with no generations and a text for an error",
        says({**queued(), "error": "Insufficient credits"}),
        CREDITS,
    ),
    ("a refused key in a 200", says(typed("unauthenticated")), AUTH),
    ("refused parameters in a 200", says(typed("invalid_params")), REJECTED),
    ("an unknown model in a 200", says(typed("resource_not_found")), REJECTED),
    ("400 with a type", says(typed("invalid_params"), status=400), REJECTED),
    ("400 with a message", says(plain("Model not found: x"), status=400), REJECTED),
    ("400 with a text", says({"error": ":unsupported_media_type"}, status=400), REJECTED),
    ("400 for want of credits", says(plain("Insufficient credits"), status=400), CREDITS),
    ("400 with a detail", says(typed("invalid_params", detail="NSFW"), status=400), POLICY),
    ("400 with a violation", says({"error_message": "a violation"}, status=400), POLICY),
    ("400 with prohibited", says({"status_message": "prohibited"}, status=400), POLICY),
    (
        "400 for a reference",
        says(plain("403 Client Error: Forbidden for url: https://h.example/a"), status=400),
        "refused: reference_unreachable",
    ),
    ("401", says(typed("unauthenticated", "Unauthorized"), status=401), AUTH),
    ("402", says(plain("Pay first"), status=402), CREDITS),
    ("403", says(plain("Forbidden"), status=403), AUTH),
    ("404", says(plain("Model not found: x"), status=404), REJECTED),
    ("422", says(typed("invalid_params"), status=422), REJECTED),
    ("429", says({"error": "Rate limit"}, status=429, retry_after="2"), f"{SLOW_DOWN}, wait 2"),
    ("500", says(typed("unknown_error"), status=500), UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(
    ("does", "becomes"), [pytest.param(does, ids, id=name) for name, does, ids in ACCEPTED]
)
def test_every_id_in_a_success_is_kept_whatever_stands_beside_it(does: Does, becomes: str) -> None:
    assert outcome(oxen(does), an_order(OXEN_OFFER, n=2)) == becomes


@pytest.mark.parametrize(
    ("does", "becomes"),
    [*ANY_PROVIDER, *(pytest.param(does, became, id=name) for name, does, became in OTHERWISE)],
)
def test_every_other_answer_of_oxen_is_not_sent_refused_or_unknown(
    does: Does, becomes: str
) -> None:
    assert outcome(oxen(does), an_order(OXEN_OFFER)) == becomes


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (typed("invalid_params", "Bad Request", "size is wrong"), "size is wrong"),
        (typed("invalid_params", "Bad Request"), "Bad Request"),
        (plain("Model not found: x"), "Model not found: x"),
        ({"error": "no more than four"}, "no more than four"),
        ({"error_message": "no more than four"}, "no more than four"),
        ({"status_message": "invalid_params"}, "invalid_params"),
        ({"error": {}}, "refused with 400"),
        ({"error": {"detail": {"size": ["is wrong"]}}}, "size is wrong"),
    ],
)
def test_the_reason_of_a_refusal_is_found_in_every_body_that_oxen_has(
    body: dict[str, object], words: str
) -> None:
    with pytest.raises(Exception, match="oxen: ") as caught:
        submitted(oxen(says(body, status=400)), an_order(OXEN_OFFER))

    assert str(caught.value) == f"oxen: {words}"
