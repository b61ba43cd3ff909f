"""Where the rules run, and which of them an engine is known to break although AWS keeps it."""

from dataclasses import dataclass
from typing import Final

import pytest

# Needs .venv-engine, which `make install` builds.
MINISTACK: Final = pytest.param("ministack", marks=pytest.mark.engine)
REAL_ENGINES: Final = ("moto", MINISTACK)  # for what only AWS has
ENGINES: Final = ("memory", *REAL_ENGINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    engine: str
    rule: str  # the test's name
    why: str


DIFFERENCES: Final = (
    Difference(
        engine="moto",
        rule="test_a_link_opens_nothing_else",
        why="checks no signature",
    ),
    Difference(
        engine="moto",
        rule="test_a_link_opens_nothing_once_its_time_is_over",
        why="checks no expiry",
    ),
    *(
        Difference(engine="moto", rule=rule, why="takes whatever is posted to a bucket")
        for rule in (
            "test_a_form_takes_no_larger_file",
            "test_a_form_takes_no_empty_file",
            "test_a_form_takes_no_other_type",
            "test_a_form_takes_no_other_key",
            "test_a_form_takes_no_field_that_was_not_agreed",
            "test_an_altered_form_takes_nothing",
            "test_a_form_takes_nothing_once_its_time_is_over",
        )
    ),
    Difference(
        engine="moto",
        rule="test_s3_is_told_the_checksum_and_keeps_it",
        why="keeps a checksum only where its algorithm is named besides",
    ),
    Difference(
        engine="moto",
        rule="test_bytes_that_change_on_the_way_are_not_stored",
        why="compares no checksum",
    ),
    Difference(
        engine="ministack",
        rule="test_how_long_a_large_image_is_kept_stands_on_it",
        why="forgets the tags of an upload in parts",
    ),
)
