"""Text in a table that a spreadsheet may open."""

from typing import Final

# A cell that begins with one of these is a formula, in some programs also in full width.
_SIGNS: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")


def plain_cell(text: str) -> str:
    """Return anybody's text as a cell that no spreadsheet takes for a formula.

    A quote goes before text that begins with a sign of a formula, also after blanks, and before
    text that begins with a tab, a line break or another character that does not show.
    """
    first_shown = next((char for char in text if char.isprintable() and not char.isspace()), "")
    is_hidden = not text[:1].isprintable()
    return f"'{text}" if is_hidden or first_shown in _SIGNS else text
