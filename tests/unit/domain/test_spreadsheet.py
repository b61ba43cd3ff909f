"""Cells of a CSV that a spreadsheet opens: none is a formula."""

import pytest

from shared.domain.spreadsheet import plain_cell


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize(
    "before", ["", " ", "   ", "\t", "\n", "\r\n", " \t ", "\u00a0", "\u200b", "\0"]
)
def test_a_formula_is_shown_and_not_computed(sign: str, before: str) -> None:
    text = f"{before}{sign}SUM(A1)"

    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("first", ["\t", "\n", "\r", "\x0b", "\ufeff"])
def test_text_that_begins_with_what_does_not_show_is_quoted(first: str) -> None:
    assert plain_cell(f"{first}shop") == f"'{first}shop"


@pytest.mark.parametrize(
    "text", ["", "shop", "a=b", " shop", "1-2", "'=1", "2026-11-20", "bücher", "a\nb", " "]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert plain_cell(text) == text
