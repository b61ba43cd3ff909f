"""API keys: shown once, kept as a hash, opened by their own secret only."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.api_key import IssuedKey, issue, parse

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SEVENTY_TWO = st.binary(min_size=72, max_size=72)
ANY_TEXT = st.text(st.characters())  # halves of surrogate pairs included


def a_key(randomness: bytes = bytes(range(72))) -> IssuedKey:
    return issue(tenant="default", name="test", at=NOW, randomness=randomness)


@settings(deadline=None)
@given(SEVENTY_TWO)
def test_an_issued_key_is_well_formed_and_opens_what_it_was_made_for(randomness: bytes) -> None:
    issued = a_key(randomness)
    parsed = parse(issued.text)

    assert parsed is not None
    key_id, secret = parsed
    assert key_id == issued.key.id
    assert issued.key.opens_with(secret, NOW)


@settings(deadline=None)
@given(SEVENTY_TWO, SEVENTY_TWO)
def test_no_key_opens_anothers_lock(one: bytes, other: bytes) -> None:
    assume(one[8:40] != other[8:40])
    parsed = parse(a_key(other).text)

    assert parsed is not None
    assert not a_key(one).key.opens_with(parsed[1], NOW)


@settings(deadline=None)
@given(ANY_TEXT)
def test_no_text_raises_whatever_it_is(text: str) -> None:
    parse(text)
    parse(f"sk_{text}_{text}")


def test_what_is_kept_does_not_hold_the_secret() -> None:
    issued = a_key()
    parsed = parse(issued.text)

    assert parsed is not None
    assert parsed[1] not in repr(issued.key)


def test_id_secret_and_webhook_secret_come_from_bytes_of_their_own() -> None:
    keys = [a_key(bytes(8) + bytes(64)), a_key(b"\1" * 8 + bytes(64)), a_key(bytes(71) + b"\1")]

    assert [key.key.id for key in keys] == ["0" * 16, "01" * 8, "0" * 16]
    assert len({key.key.secret_hash for key in keys}) == 1
    assert len({key.key.webhook_secret for key in keys}) == 2
    assert all(key.key.webhook_secret.startswith("whsec_") for key in keys)


GOOD = a_key().text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sk_",
        GOOD[:-1],
        GOOD + "A",
        GOOD + "\n",
        " " + GOOD,
        GOOD.replace("sk_", "SK_"),
        GOOD.replace("sk_", "pk_"),
        GOOD.replace("_", "-"),
        GOOD[:-1] + "=",
        GOOD[:-1] + "\N{LATIN SMALL LETTER LONG S}",
        GOOD[:3] + "\N{ARABIC-INDIC DIGIT ONE}" + GOOD[4:],
        GOOD[:3] + "A" + GOOD[4:],
        f"Bearer {GOOD}",
    ],
)
def test_a_text_of_another_form_is_no_key(text: str) -> None:
    assert parse(text) is None
