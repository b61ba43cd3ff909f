"""The lines of a batch file: each is a request for a job, and may carry a name of its own."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.batch import Format
from shared.domain.edits import field_of

_NAME: Final = "custom_id"
_METADATA: Final = "metadata."


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`request` is None when it is no request at all; `custom_id` comes back in the report."""

    number: int
    custom_id: str | None
    request: bytes | None


def lines_of(content: bytes, kind: Format) -> Iterator[Line]:
    """Yield the lines in order. Raises ValueError for a file that is no such file at all."""
    text = content.decode("utf-8-sig")
    rows = _csv_rows(text) if kind is Format.CSV else _json_rows(text)
    for number, row in enumerate(rows, start=1):
        if row is None:
            yield Line(number=number, custom_id=None, request=None)
            continue
        name = row.pop(_NAME, None)
        request = json.dumps(row).encode()
        yield Line(number=number, custom_id=str(name) if name else None, request=request)


def _json_rows(text: str) -> Iterator[dict[str, Any] | None]:
    for line in text.splitlines():
        if line.strip():
            yield _object(line)


def _object(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _csv_rows(text: str) -> Iterator[dict[str, Any] | None]:
    """A column is a field; empty cells are fields left out, `metadata.x` is a pair of metadata."""
    try:
        for row in csv.DictReader(io.StringIO(text), strict=True):
            if None in row or None in row.values():
                yield None  # more cells than columns, or fewer
            else:
                yield _fields({name: cell for name, cell in row.items() if cell})
    except csv.Error as exc:
        raise ValueError("the file is no CSV") from exc


def _fields(cells: dict[str, str]) -> dict[str, Any]:
    metadata = {
        name.removeprefix(_METADATA): cell
        for name, cell in cells.items()
        if name.startswith(_METADATA)
    }
    fields = {
        name: field_of(name, cell) for name, cell in cells.items() if not name.startswith(_METADATA)
    }
    return fields | ({"metadata": metadata} if metadata else {})
