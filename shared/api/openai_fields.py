"""The fields of OpenAI's image API: which of them a job serves, and which values ask for nothing.

Programs send every field that their own API has, most of them at a value that changes nothing. Such
values pass. A value that asks for something which no job can do is refused by the field's name.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

from shared.domain.errors import FieldError, InvalidRequest

_ANY: Final = object()
# OpenAI's fields that no job has, each with the values that still ask for nothing.
_UNSERVED: Final[Mapping[str, tuple[object, ...]]] = {
    "background": ("opaque",),
    "input_fidelity": (_ANY,),
    "mask": (),
    "moderation": ("low",),
    "output_compression": (100, "100"),
    "partial_images": (),
    "stream": (),
    "style": (_ANY,),
}
_SAYS_NOTHING: Final = (None, "", "auto")  # also of a field that a job has
_ASKS_NOTHING: Final = (*_SAYS_NOTHING, False, 0, "false", "0", "null")
# Fields in which a word that says nothing elsewhere means what it says.
_ALWAYS_SAYS: Final = frozenset({"model", "prompt", "sequential_image_generation"})
_NUMBERS: Final = frozenset({"n", "seed"})
_SWITCHES: Final[Mapping[object, bool]] = {"true": True, "false": False}


def once_each(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Raises InvalidRequest for a field that a form has twice."""
    content: dict[str, Any] = {}
    for name, value in fields:
        if name in content:
            raise refused(name, "repeated", "stands twice in the form")
        content[name] = value
    return content


def served(content: Mapping[str, Any], *, known: Container[str]) -> dict[str, Any]:
    """Return the fields that say something, with numbers and switches read from text.

    A field that no job has is left in, to be refused by its name, unless it is one of OpenAI's and
    asks for nothing. `known` are the fields that a job has.
    """
    said = {
        name: value
        for name, value in content.items()
        if not ((name in _UNSERVED or name in known) and _is_neutral(name, value))
    }
    return {name: _read(name, value) for name, value in said.items()}


def refused(name: str, code: str, message: str) -> InvalidRequest:
    return InvalidRequest([FieldError(pointer=f"/{name[:100]}", code=code, message=message)])


def _is_neutral(name: str, value: object) -> bool:
    if name in _UNSERVED:
        more = _UNSERVED[name]
        return _ANY in more or _is_one_of(value, (*_ASKS_NOTHING, *more))
    return name not in _ALWAYS_SAYS and _is_one_of(value, _SAYS_NOTHING)


def _is_one_of(value: object, known: Iterable[object]) -> bool:
    return isinstance(value, str | int | float | None) and value in known


def _read(name: str, value: Any) -> Any:
    if name in _NUMBERS and isinstance(value, str):
        digits = value.removeprefix("-")
        is_number = digits.isascii() and digits.isdecimal() and len(digits) < 20  # noqa: PLR2004  64 bits
        return int(value) if is_number else value
    return _SWITCHES.get(value, value) if name == "watermark" and isinstance(value, str) else value
