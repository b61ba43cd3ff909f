"""Forged callbacks: none of them is taken, and none of them makes the service do anything."""

from tests.fuzz.forgeries import VALID
from tests.fuzz.tokens import forged_callbacks, forged_tokens, genuine_callbacks_taken

SEED = 20


def test_what_the_forgeries_are_made_from_is_genuine() -> None:
    assert genuine_callbacks_taken() == len(VALID)


def test_no_forged_callback_is_taken_and_none_reads_or_writes_anything() -> None:
    tally = forged_callbacks(SEED, 3_000)

    assert tally.broken[:5] == []
    assert tally.requests == tally.refused == 3_000


def test_no_forged_token_is_genuine_for_any_target() -> None:
    tally = forged_tokens(SEED, 17_000)

    assert tally.broken[:5] == []
    assert tally.requests == tally.refused == 17_000
