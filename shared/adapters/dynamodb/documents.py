"""Domain types as JSON, in one attribute of their rows."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pydantic comes with the first row, not with each cold start
    from pydantic import TypeAdapter


class Document[T]:
    """How one type is written and read. Working that out takes a while, and waits for the first."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    def write(self, value: T) -> str:
        return self._adapter.dump_json(value).decode()

    def read(self, text: str) -> T:
        return self._adapter.validate_json(text)

    @cached_property
    def _adapter(self) -> "TypeAdapter[T]":
        from pydantic import TypeAdapter  # noqa: PLC0415  # as above

        return TypeAdapter(self._kind)
