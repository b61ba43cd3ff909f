"""Bytes from outside become requests, or errors that name field and limit."""

import json
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.domain.errors import FieldError, InvalidRequest

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
_MOST_ERRORS: Final = 50  # an answer has room for 6 MB
_LONGEST_NAME: Final = 100
_LONGEST_POINTER: Final = 1000
# What a field of one value or several is tagged with. Pydantic puts the tag into the path of an
# error, where no request has it.
ONE: Final = "<one>"
SEVERAL: Final = "<several>"
_NO_FIELDS: Final = frozenset({ONE, SEVERAL, "[key]"})


class MalformedJson(InvalidRequest):
    """The body is no JSON object at all."""


def read[M: BaseModel](model: type[M], body: bytes) -> M:
    """Raises InvalidRequest with a pointer for each field at fault."""
    return validated(model, json_object(body))


def validated[M: BaseModel](model: type[M], content: dict[str, Any]) -> M:
    """Raises InvalidRequest with a pointer for each field at fault."""
    try:
        return model.model_validate(content)
    except ValidationError as exc:
        raise InvalidRequest([_field_error(e) for e in exc.errors()[:_MOST_ERRORS]]) from None


def json_object(body: bytes) -> dict[str, Any]:
    """Raises MalformedJson for anything but one JSON object in UTF-8."""
    if not body.strip():
        _malformed("the body is empty; send a JSON object")
    try:
        text = body.decode()
        content = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
        if "\\u" in text and isinstance(content, dict):
            _refuse_surrogates(content, "")
    except UnicodeDecodeError:
        _malformed("the body is not UTF-8")
    except RecursionError:
        _malformed("the body is nested too deeply")
    except ValueError as exc:
        _malformed(f"the body is not JSON: {exc}")
    if not isinstance(content, dict):
        _malformed("the body must be a JSON object")
    return content


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _no_duplicates(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, value in pairs:
        if name in content:
            raise ValueError(f"the name {name[:40]!a} stands twice in one object")
        content[name] = value
    return content


def _refuse_surrogates(value: object, pointer: str) -> None:
    """Half of a surrogate pair is no character: it cannot be stored or sent on."""
    pointer = pointer[:_LONGEST_POINTER]  # deep down it would fill the memory
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        message = "holds half of a surrogate pair"
        raise InvalidRequest([FieldError(pointer=pointer, code="not_text", message=message)])
    if isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_surrogates(item, f"{pointer}/{index}")
    if isinstance(value, dict):
        for name, item in value.items():
            _refuse_surrogates(name, pointer)
            _refuse_surrogates(item, f"{pointer}/{_escaped(name)}")


def _field_error(error: ErrorDetails) -> FieldError:
    given = (error.get("ctx") or {}).get("pointer")
    path = [part for part in error["loc"] if part not in _NO_FIELDS]
    pointer = given or pointer_to(*map(str, path))
    if error["type"] == "extra_forbidden":
        message = "is not a field of this request"
    else:
        message = error["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return FieldError(pointer=pointer, code=error["type"], message=message)


def pointer_to(*path: str) -> str:
    """Return a JSON pointer (RFC 6901) to a field."""
    return "".join(f"/{_escaped(part)}" for part in path)


def _escaped(name: str) -> str:
    """Escape for a JSON pointer (RFC 6901); what is no text stays readable."""
    text = name[:_LONGEST_NAME].encode("ascii", "backslashreplace").decode()
    return text.replace("~", "~0").replace("/", "~1")


def _malformed(message: str) -> NoReturn:
    raise MalformedJson([FieldError(pointer="", code="malformed", message=message)])
