"""Whoever lets a line off a check says why, beside it."""

import re
from pathlib import Path

import pytest

_LET_OFF = re.compile(r"#\s*(?:noqa|type:\s*ignore|nosec|pragma:).*")
_NAMES = re.compile(
    r"noqa|type:\s*ignore|nosec|pragma|no cover|no branch|[A-Z]+[0-9]+|\[[a-z, -]+\]"
)
_FOLDERS = ("benchmarks", "client", "functions", "local", "shared", "tests")


def is_unexplained(line: str) -> bool:
    """Tell whether a line is let off, and nothing stands behind the names of the checks."""
    found = _LET_OFF.search(line)
    return found is not None and not re.search(r"\w", _NAMES.sub("", found[0]))


@pytest.mark.parametrize("folder", _FOLDERS)
def test_every_exception_gives_its_reason(folder: str) -> None:
    unexplained = [
        f"{path}:{number}"
        for path in sorted(Path(folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if is_unexplained(line)
    ]

    assert unexplained == []


@pytest.mark.parametrize(
    ("comment", "is_bare"),
    [
        ("noqa: S311", True),
        ("noqa: PLR0913, PLR0917", True),
        ("noqa", True),
        ("type: ignore[arg-type, misc]", True),
        ("noqa: S311  # a seed must replay", False),
        ("noqa: ARG002  the deadline decides", False),
        ("type: ignore[index]  # RGBA", False),
    ],
)
def test_the_name_of_a_check_is_no_reason(comment: str, *, is_bare: bool) -> None:
    assert is_unexplained(f"x = 1  # {comment}") is is_bare
