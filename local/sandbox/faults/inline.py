"""Faults of answers that hold the image itself where its link belongs."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any, Final, Literal, override

from starlette.responses import Response

from local.sandbox.faults.calls import Answered, AnswerFault
from local.sandbox.ledger import Result

_LINE: Final = 76
_IMAGES: Final = ("data", "images")  # AI/ML API's list, and Oxen's


class StatusInline(AnswerFault):
    """Put a data URI in the place of every link to a result."""

    @override
    def concerns(self, call: Answered) -> bool:
        return any(True for _ in _results(call))

    @override
    async def answer(self, call: Answered) -> Response:
        text = bytes(call.given.body).decode()
        for result, data in _results(call):
            text = text.replace(result.url, self._uri(result, data))
        return _like(call.given, text)

    def _uri(self, result: Result, data: bytes) -> str:
        return f"data:{result.content_type};base64,{b64encode(data).decode()}"


class AnswerInline(StatusInline):
    """Dress the image as some server might: in the `url`, or as base64 of another kind."""

    dress: Literal["data-uri", "capitals", "base64", "base64url", "unpadded", "lines"] = "data-uri"

    @override
    async def answer(self, call: Answered) -> Response:
        if self.dress in {"data-uri", "capitals"}:
            return await super().answer(call)
        texts = [self._base64(data) for _, data in _results(call)]
        told: dict[str, Any] = call.told
        for name in _IMAGES:
            for row, text in zip(told.get(name, ()), texts, strict=False):
                row.update(url=None, b64_json=text)
        return _like(call.given, json.dumps(told))

    @override
    def _uri(self, result: Result, data: bytes) -> str:
        uri = super()._uri(result, data)
        head, _, text = uri.partition(",")
        return f"{head.upper()},{text}" if self.dress == "capitals" else uri

    def _base64(self, data: bytes) -> str:
        text = b64encode(data).decode()
        match self.dress:
            case "base64url":
                return urlsafe_b64encode(data).decode().rstrip("=")
            case "unpadded":
                return text.rstrip("=")
            case "lines":
                return "\r\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))
            case _:
                return text


def _like(given: Response, text: str) -> Response:
    """Return an answer of another length with all the other headers of the one given."""
    headers = {name: value for name, value in given.headers.items() if name != "content-length"}
    return Response(text, given.status_code, headers=headers)


def _results(call: Answered) -> Iterator[tuple[Result, bytes]]:
    for row in call.rows:
        for result in row.results:
            data = call.data_of(result.url)
            if data is not None:
                yield result, data
