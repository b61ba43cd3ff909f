"""What becomes of a paid call to APIXO: one table from what it does to what we make of it."""

import pytest

from tests.unit.providers.exchange import (
    APIXO_OFFER,
    Does,
    an_order,
    apixo,
    outcome,
    says,
    submitted,
)
from tests.unit.providers.outcomes import (
    ANY_PROVIDER,
    AUTH,
    CREDITS,
    POLICY,
    REJECTED,
    SLOW_DOWN,
    UNKNOWN,
)


def envelope(code: object, message: str = "success", **data: object) -> dict[str, object]:
    return {"code": code, "message": message, "data": data}


def error(status: int, message: str, **data: object) -> Does:
    return says(envelope(status, message, **data), status=status)


TASK = {"taskId": "t1"}

ACCEPTED: list[tuple[str, Does]] = [
    ("the documented answer", says(envelope(200, **TASK))),
    ("201", says(envelope(200, **TASK), status=201)),
    ("202", says(envelope(202, **TASK), status=202)),
    ("code 500 beside the task", says(envelope(500, "failed", **TASK))),
    ("code 400 beside the task", says(envelope(400, "Invalid request", **TASK))),
    ("code 402 beside the task", says(envelope(402, "Insufficient credits", **TASK))),
    ("code 429 beside the task", says(envelope(429, "rate limit", **TASK), retry_after="3")),
    ("an error beside the task", says(envelope(200, error="SensitiveContent", **TASK))),
    ("a code of another type", says(envelope("200", **TASK))),
    ("no code", says({"data": TASK})),
    ("fields nobody knows", says({**envelope(200, **TASK, queue=[1]), "traceId": "x"})),
]

OTHERWISE: list[tuple[str, Does, str]] = [
    ("200 without a task", says(envelope(200)), UNKNOWN),
    ("200 without data", says({"code": 200, "message": "success"}), UNKNOWN),
    ("200 with null for data", says({"code": 200, "data": None}), UNKNOWN),
    ("200 with a list for data", says({"code": 200, "data": [TASK]}), UNKNOWN),
    ("an empty task id", says(envelope(200, taskId="")), UNKNOWN),
    ("null for a task id", says(envelope(200, taskId=None)), UNKNOWN),
    ("a number for a task id", says(envelope(200, taskId=12345678)), UNKNOWN),
    ("a list of task ids", says(envelope(200, taskId=["t1"])), UNKNOWN),
    ("half a character for a task id", says(b'{"data": {"taskId": "\\ud83d"}}'), UNKNOWN),
    ("code 500 inside a 200", says(envelope(500, "Internal error")), UNKNOWN),
    ("code 503 inside a 200", says(envelope(503, "unavailable")), UNKNOWN),
    ("a code that is a text inside a 200", says(envelope("400", "Invalid request")), UNKNOWN),
    ("a task id of the wrong type beside code 400", says(envelope(400, taskId=7)), UNKNOWN),
    ("a task beside status 400", error(400, "Invalid request", **TASK), UNKNOWN),
    ("a task beside status 429", error(429, "rate limit", **TASK), UNKNOWN),
    ("a task beside status 500", error(500, "Internal error", **TASK), UNKNOWN),
    ("code 429 inside a 200", says(envelope(429, "rate limit exceeded")), SLOW_DOWN),
    (
        "code 429 inside a 200 with a wait",
        says(envelope(429, "rate limit exceeded"), retry_after="4"),
        f"{SLOW_DOWN}, wait 4",
    ),
    (
        "400",
        error(400, "Invalid request", error="Missing required field: input.prompt"),
        REJECTED,
    ),
    ("code 400 inside a 200", says(envelope(400, "Invalid request")), REJECTED),
    ("code 400 inside a 201", says(envelope(400), status=201), REJECTED),
    ("400 for want of credits", error(400, "Insufficient credits"), CREDITS),
    (
        "code 400 inside a 200 for want of credits",
        says(envelope(400, "Insufficient credits")),
        CREDITS,
    ),
    ("402", error(402, "Insufficient balance"), CREDITS),
    ("code 402 inside a 200", says(envelope(402, "Pay first")), CREDITS),
    ("401", error(401, "Missing or invalid API key"), AUTH),
    ("401 that speaks of credits", error(401, "No key, no credits"), AUTH),
    ("403 for the content", error(403, "Content violates policy"), POLICY),
    (
        "403 by the content policy",
        error(403, "Forbidden", error="refused by our content policy"),
        POLICY,
    ),
    ("403 for the key", error(403, "Insufficient permissions"), AUTH),
    ("403 without a reason", error(403, "Forbidden"), AUTH),
    ("404", error(404, "Model not found: seedream-9"), REJECTED),
    ("422", error(422, "Unprocessable"), REJECTED),
    *(
        (f"400 with {word}", error(400, "Invalid request", **{where: word}), POLICY)
        for where, word in [
            ("error", "SensitiveContent"),
            ("error", "nsfw content"),
            ("failCode", "ProhibitedContentDetected"),
            ("failCode", "CONTENT_VIOLATION"),
            ("failMsg", "The prompt is in violation of our rules"),
            ("failMsg", "InputTextRiskDetection"),
        ]
    ),
    (
        "400 for a link that was not readable, whatever its name says",
        error(400, "Timeout while downloading url=https://h.example/nsfw/credit.png"),
        "refused: reference_unreachable",
    ),
    (
        "400 for a prompt, whatever it says",
        error(400, "Unknown style in 'a sensitive fox on credit'"),
        REJECTED,
    ),
]  # fmt: skip


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in ACCEPTED])
def test_a_task_id_in_a_success_is_a_task_whatever_stands_beside_it(does: Does) -> None:
    assert outcome(apixo(does), an_order(APIXO_OFFER)) == "accepted: t1"


@pytest.mark.parametrize(
    ("does", "becomes"),
    [*ANY_PROVIDER, *(pytest.param(does, became, id=name) for name, does, became in OTHERWISE)],
)
def test_every_other_answer_of_apixo_is_not_sent_refused_or_unknown(
    does: Does, becomes: str
) -> None:
    order = an_order(APIXO_OFFER, prompt="a sensitive fox on credit")

    assert outcome(apixo(does), order) == becomes


def test_the_reason_of_a_refusal_is_apixos_own_on_one_line() -> None:
    does = error(400, "Invalid\n request", error="Missing required field: input.prompt")

    with pytest.raises(Exception, match="apixo: Invalid request Missing required field: input"):
        submitted(apixo(does), an_order(APIXO_OFFER))


def test_a_refusal_without_a_reason_has_its_status_for_one() -> None:
    with pytest.raises(Exception, match=r"^apixo: refused with 422$"):
        submitted(apixo(says(b"", status=422)), an_order(APIXO_OFFER))
