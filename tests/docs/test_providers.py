"""docs/providers.md says what the catalogue and the code have, and names tests that are there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.providers.answers import SYNC_SECONDS
from shared.catalog.load import load_catalog
from shared.domain.breaker import OPENS_AFTER, PROBE_LIFE, Breaker
from shared.domain.errors import ErrorCode, Fault
from shared.domain.failover import PATIENT_TRIES, has_surely_failed
from shared.domain.offers import Offer, Pacing
from shared.domain.places import PLACE_LIFE
from shared.domain.prices import prices_of
from shared.domain.submission import Attempt, split
from shared.usecases.provider_gate import SHORT_WAIT
from tests.docs.documents import Document, missing_tests, named_tests, readme

DOCUMENT = Document(Path("docs/providers.md"))
CATALOG = load_catalog()
NOW = datetime(2026, 11, 20, tzinfo=UTC)
UNANSWERED = ErrorCode.PROVIDER_UNAVAILABLE
OFFERS = {f"{offer.provider}/{offer.model}": offer for m in CATALOG.models for offer in m.offers}
POLLED = {way: offer for way, offer in OFFERS.items() if "poll" in offer.deliveries}
PAGES = {
    "oxen/seedream-4": "Oxen.ai, Seedream 4.0",
    "oxen/seedream-4.5": "Oxen.ai, Seedream 4.5",
    "oxen/seedream-5-lite": "Oxen.ai, Seedream 5.0 Lite",
    "aimlapi/seedream-4.5": "AI/ML API, Seedream 4.5",
    "apixo/seedream-4.5": "APIXO, Seedream 4.5",
}
LEFT_OPEN = [f"open {where}" for where in ("at APIXO", "at Oxen.ai", "at AI/ML API")]
IN_WORDS = " ".join(DOCUMENT.text.split())


def told(wait: timedelta) -> str:
    seconds = int(wait.total_seconds())
    minutes, rest = divmod(seconds, 60)
    return f"{seconds} s" if rest or minutes <= 1 else f"{minutes} min"


def names(offer: Offer) -> set[str]:
    """Return every field of the provider's page that the catalogue has."""
    rules = {rule.wire for rule in offer.rules.values()}
    counted = {offer.count_wire} if offer.count_wire else set()
    return {"prompt", offer.references_wire, *rules, *offer.filled, *counted}


@pytest.mark.parametrize("page", [*PAGES.values(), "Oxen.ai, calls", *LEFT_OPEN])
def test_every_line_names_tests_that_are_there(page: str) -> None:
    for said, how, tests in DOCUMENT.table(page):
        assert how, said
        assert named_tests(tests), said
        assert missing_tests(tests) == []


def test_no_test_that_is_named_is_missing() -> None:
    assert missing_tests(DOCUMENT.text) == []


def test_every_pair_has_a_page() -> None:
    assert PAGES.keys() == OFFERS.keys()


@pytest.mark.parametrize("way", PAGES)
def test_every_field_of_a_page_is_told_and_no_other(way: str) -> None:
    offer = OFFERS[way]
    fields = {said for said, _, _ in DOCUMENT.table(PAGES[way]) if said.replace("_", "").isalpha()}

    assert names(offer) <= fields
    assert fields - names(offer) <= {"model"}


def test_every_way_is_told_with_its_limits() -> None:
    rows = {
        way: [id_, deliveries, counts, most]
        for way, id_, deliveries, counts, most in DOCUMENT.table("way")
    }

    assert rows == {
        way: [
            offer.provider_model,
            ", ".join(f"`{delivery}`" for delivery in offer.deliveries).strip("`"),
            counts_of(offer),
            str(offer.max_references),
        ]
        for way, offer in OFFERS.items()
    }


def counts_of(offer: Offer) -> str:
    usual = offer.per_submission(offer.deliveries[0])
    waiting = usual if "sync" not in offer.deliveries else offer.per_submission("sync")
    return str(usual) if usual == waiting else f"{usual}, by `sync` {waiting}"


def test_the_readme_tells_the_same_ways() -> None:
    for model, *cells in readme().table("model"):
        for provider, cell in zip(("apixo", "oxen", "aimlapi"), cells, strict=True):
            offer = OFFERS.get(f"{provider}/{model}")
            assert cell.replace("`", "") == (", ".join(offer.deliveries) if offer else "")


def test_every_name_of_a_model_is_told() -> None:
    assert {alias for model in CATALOG.models for alias in model.aliases} <= {*DOCUMENT.code_spans}


def test_every_pace_is_told() -> None:
    paces = {way: offer.pacing for way, offer in POLLED.items()}
    for way, offer in POLLED.items():
        paces |= {f"{way} in {size}": pace for size, pace in offer.pacing_by_resolution.items()}
    rows = {way.replace("`", ""): rest for way, *rest in DOCUMENT.table("asked about")}

    assert rows == {way: seconds(pace) for way, pace in paces.items()}


def seconds(pace: Pacing) -> list[str]:
    shortest, longest = pace.typical or (0, 0)
    return [f"{shortest} to {longest}", f"{pace.first_poll:g}", f"{pace.interval:g}"]


def test_every_price_is_told_with_date_and_source() -> None:
    assert DOCUMENT.table("price of") == [
        [way, f"${offer.price.usd_per_image}", offer.price.as_of, offer.price.source]
        for way, offer in sorted(OFFERS.items(), key=lambda item: item[0], reverse=True)
        if offer.price
    ]


def test_the_prices_that_it_shows_can_be_read() -> None:
    (shown,) = [block.text for block in DOCUMENT.blocks if block.text.startswith("oxen/")]

    assert CATALOG.priced(prices_of(shown)) != CATALOG


def test_every_reason_for_another_provider_is_told_and_every_reason_against() -> None:
    cases = IN_WORDS.partition("The attempt has surely failed")[2]
    reasons = cases.partition("* Nothing could be sent")[0]
    against = cases.partition("the reason is the request:")[2].partition(". ")[0]

    assert codes_in(reasons) == {code for code in ErrorCode if another_may_do_better(code)}
    assert codes_in(against) == {
        ErrorCode.CONTENT_POLICY,
        ErrorCode.INVALID_INPUT,
        ErrorCode.REFERENCE_UNREACHABLE,
    }


def another_may_do_better(code: ErrorCode) -> bool:
    attempt = Attempt(number=1, provider="apixo", delivery="poll", started_at=NOW)
    (one,) = split(1, per_submission=1, attempt=attempt)
    return has_surely_failed([one.refused(Fault(code=code, message="no"), NOW)])


def pauses(code: ErrorCode) -> list[str]:
    """Return the pauses of a breaker whose trials fail again and again."""
    one, now, found = Breaker(provider="apixo", model="seedream-4.5"), NOW, list[str]()
    while len(found) < 2 or found[-1] != found[-2]:
        before = one.retry_at
        one = one.after(Fault(code=code, message="no"), now)
        if one.retry_at and one.retry_at != before:
            found.append(told(one.pause))
            now = one.retry_at
    return found


def codes_in(text: str) -> set[ErrorCode]:
    return {code for code in ErrorCode if f"`{code}`" in text}


@pytest.mark.parametrize(
    "words",
    [
        f"{OPENS_AFTER} calls in a row",
        f"After {pauses(UNANSWERED)[0]}, for key and credits {pauses(ErrorCode.PROVIDER_AUTH)[0]},",
        f"up to {pauses(UNANSWERED)[-1]}",
        f"Who tries has {told(PROBE_LIFE)}",
        f"try again each {SHORT_WAIT.total_seconds():g} seconds",
        f"is free after {PLACE_LIFE.total_seconds() / 60:g} minutes",
        f"Nothing could be sent in {PATIENT_TRIES} tries",
        f"as bytes, within {SYNC_SECONDS:g} s",
    ],
)
def test_every_number_is_the_codes(words: str) -> None:
    assert words in IN_WORDS
