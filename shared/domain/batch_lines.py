"""The lines of a batch file: each is a request for a job, and may carry a name of its own."""

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

from shared.domain.batch import Format
from shared.domain.edits import field_of

_NAME: Final = "custom_id"
_METADATA: Final = "metadata."
_BYTE_ORDER_MARK: Final = codecs.BOM_UTF8

type Row = dict[str, Any]
type ReadRow = Callable[[], Row | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`request` is None when it is no request at all; `custom_id` comes back in the report."""

    number: int
    custom_id: str | None
    request: bytes | None


def lines_of(content: bytes, kind: Format, *, first: int = 1) -> Iterator[Line]:
    """Yield the lines in order, from the `first` on; what comes before is not looked into.

    Raises ValueError for a file that is no such file at all.
    """
    rows = _csv_rows(content) if kind is Format.CSV else _json_rows(content)
    for number, read in islice(enumerate(rows, start=1), first - 1, None):
        row = read()
        if row is None:
            yield Line(number=number, custom_id=None, request=None)
            continue
        name = row.pop(_NAME, None)
        request = json.dumps(row).encode()
        yield Line(number=number, custom_id=None if name is None else str(name), request=request)


def _json_rows(content: bytes) -> Iterator[ReadRow]:
    """Only what ends a line of bytes ends one here: JSON may hold other separators as they are."""
    for line in io.BytesIO(content.removeprefix(_BYTE_ORDER_MARK)):
        text = line.decode().strip()
        if text:
            yield partial(_object, text)


def _object(line: str) -> Row | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _csv_rows(content: bytes) -> Iterator[ReadRow]:
    """A column is a field; empty cells are fields left out, `metadata.x` is a pair of metadata."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    try:
        for row in csv.DictReader(text, strict=True):
            yield partial(_request, row)
    except csv.Error as exc:
        raise ValueError("the file is no CSV") from exc


def _request(row: Mapping[str, str]) -> Row | None:
    if None in row or None in row.values():
        return None  # more cells than columns, or fewer
    return _fields({name: cell for name, cell in row.items() if cell})


def _fields(cells: Mapping[str, str]) -> Row:
    metadata = {
        name.removeprefix(_METADATA): cell
        for name, cell in cells.items()
        if name.startswith(_METADATA)
    }
    fields = {
        name: field_of(name, cell) for name, cell in cells.items() if not name.startswith(_METADATA)
    }
    return fields | ({"metadata": metadata} if metadata else {})
