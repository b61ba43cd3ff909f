"""Bodies and headers as nobody should send them: each gets an answer, and leaves nothing behind."""

from tests.fuzz.image_posts import random_image_posts
from tests.fuzz.trials import (
    NOTHING_BROKEN,
    all_naughty_strings,
    all_odd_headers,
    all_wrong_values,
    random_bodies,
    random_callbacks,
    random_questions,
    told,
)

SEED = 20


def test_every_wrong_value_of_every_field_is_refused_by_the_name_of_the_field() -> None:
    tally = all_wrong_values()

    assert told(tally) == NOTHING_BROKEN
    assert tally.requests > 2_000
    assert tally.refused > 2_000


def test_every_naughty_string_comes_back_unaltered_or_is_refused() -> None:
    assert told(all_naughty_strings()) == NOTHING_BROKEN


def test_every_odd_header_is_answered() -> None:
    assert told(all_odd_headers()) == NOTHING_BROKEN


def test_every_body_is_answered_and_nothing_is_kept_of_what_is_refused() -> None:
    tally = random_bodies(SEED, 4_000)

    assert told(tally) == NOTHING_BROKEN
    assert 100 < tally.refused < tally.requests == 4_000


def test_every_callback_is_taken_if_genuine_and_otherwise_unknown() -> None:
    tally = random_callbacks(SEED, 2_000)

    assert told(tally) == NOTHING_BROKEN
    assert 100 < tally.refused < tally.requests == 2_000


def test_every_post_in_openais_words_is_answered_and_nothing_is_kept_of_what_is_refused() -> None:
    tally = random_image_posts(SEED, 1_500)

    assert told(tally) == NOTHING_BROKEN
    assert 100 < tally.refused <= tally.requests == 1_500


def test_every_question_is_answered() -> None:
    tally = random_questions(SEED, 500)

    assert told(tally) == NOTHING_BROKEN
    assert tally.requests == 500
