"""Forms (multipart/form-data) become fields and files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from shared.api.reading import MAX_BODY_BYTES, MalformedJson
from shared.domain.errors import FieldError

_KIND: Final = b"multipart/form-data"
_MOST_PARTS: Final = 100


@dataclass(frozen=True, slots=True)
class Form:
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)


def form_of(body: bytes, *, content_type: str) -> Form:
    """Raises MalformedJson for anything but a whole form."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != _KIND or not boundary:
        _refuse("send a form: multipart/form-data with its boundary")
    # The parser takes a form that was cut short for a form with fewer parts.
    if b"--" + boundary + b"--" not in body:
        _refuse("the form is cut short")
    try:
        return _parsed(body, boundary)
    except FormParserError as exc:
        _refuse(f"the form cannot be read: {exc}")
    except UnicodeDecodeError:
        _refuse("a field of the form is not UTF-8")


def _parsed(body: bytes, boundary: bytes) -> Form:
    fields: list[Field] = []
    files: list[File] = []
    parser = FormParser(
        _KIND.decode(),
        fields.append,
        files.append,
        boundary=boundary,
        # Nothing is written to disk, as no body is larger than this.
        config={"MAX_MEMORY_FILE_SIZE": 2 * MAX_BODY_BYTES},
    )
    parser.write(body)
    parser.finalize()
    if len(fields) + len(files) > _MOST_PARTS:
        _refuse(f"the form has more than {_MOST_PARTS} parts")
    return Form(list(_texts(fields)), list(_contents(files)))


def _texts(fields: list[Field]) -> Iterator[tuple[str, str]]:
    for one in fields:
        yield (one.field_name or b"").decode(), (one.value or b"").decode()


def _contents(files: list[File]) -> Iterator[tuple[str, bytes]]:
    for one in files:
        with one.file_object as content:
            content.seek(0)
            yield (one.field_name or b"").decode(), content.read()


def _refuse(message: str) -> NoReturn:
    raise MalformedJson([FieldError(pointer="", code="malformed", message=message)])
