"""Faults of calls to a provider: submissions, and questions about what became of them."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, override

from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from local.sandbox.connection import HungUp
from local.sandbox.faults.fault import Fault, Place, Seconds, Sleep
from local.sandbox.faults.tasks import NO_CREDITS
from local.sandbox.faults.voices import VOICES
from local.sandbox.ledger import Provider, Row

PAGE: Final = "<!DOCTYPE html><html><title>{0}</title><h1>{0}</h1></html>"
# What these answer is not the provider but a proxy before it.
PROXY_STATUSES: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    provider: Provider
    request: Request

    def refusal(self, status: HTTPStatus, text: str) -> Response:
        return VOICES[self.provider](self.request, status, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Call):
    """A call that the provider has answered well; the caller does not know yet."""

    given: Response
    rows: tuple[Row, ...]
    wait: Sleep
    row_of: Callable[[str], Row | None]
    data_of: Callable[[str], bytes | None]  # of a result, by its link

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(bytes(self.given.body))
        return told


class AnswerFault(Fault):
    """Spoils an answer."""

    def concerns(self, call: Answered) -> bool:
        del call
        return True

    async def answer(self, call: Answered) -> Response:
        raise NotImplementedError


class CallFault(AnswerFault):
    """Answers by itself, whether or not the provider has."""

    @override
    async def answer(self, call: Call) -> Response:
        raise NotImplementedError


class Dropped(CallFault):
    @override
    async def answer(self, call: Call) -> Response:
        return HungUp()


class ServerError(CallFault):
    status: Literal[500, 502, 503, 504] = 500

    @override
    async def answer(self, call: Call) -> Response:
        status = HTTPStatus(self.status)
        if status in PROXY_STATUSES:
            return HTMLResponse(PAGE.format(f"{status.value} {status.phrase}"), status)
        return call.refusal(status, status.phrase)


class Html(CallFault):
    @override
    async def answer(self, call: Call) -> Response:
        return HTMLResponse(PAGE.format("Just a moment..."))


class Empty(CallFault):
    @override
    async def answer(self, call: Call) -> Response:
        return Response(media_type="application/json")


class RateLimited(CallFault):
    retry_after: Annotated[int, Field(ge=0)] | None = None

    @override
    async def answer(self, call: Call) -> Response:
        answer = call.refusal(HTTPStatus.TOO_MANY_REQUESTS, "Rate limit exceeded")
        if self.retry_after is not None:
            answer.headers["retry-after"] = str(self.retry_after)
        return answer


class KeyRevoked(CallFault):
    @override
    async def answer(self, call: Call) -> Response:
        return call.refusal(HTTPStatus.UNAUTHORIZED, "Missing or invalid API key")


class NotFound(CallFault):
    @override
    async def answer(self, call: Call) -> Response:
        return call.refusal(HTTPStatus.NOT_FOUND, "Not found")


class ApixoCreditsGone(CallFault):
    status: Literal[400, 402] = 402

    @override
    async def answer(self, call: Call) -> Response:
        return _envelope(self.status, NO_CREDITS, http_status=self.status)


class OxenCreditsGone(CallFault):
    status: Literal[400, 402, 403, 429] = 402

    @override
    async def answer(self, call: Call) -> Response:
        return call.refusal(HTTPStatus(self.status), NO_CREDITS)


class AimlapiCreditsGone(CallFault):
    @override
    async def answer(self, call: Call) -> Response:
        return call.refusal(HTTPStatus.FORBIDDEN, "You have run out of credits")


class RefusingCode(CallFault):
    """Say no in the body alone."""

    code: Annotated[int, Field(ge=300, le=599)] = 400
    message: Annotated[str, Field(min_length=1)] = "Invalid request"

    @override
    async def answer(self, call: Call) -> Response:
        return _envelope(self.code, self.message)


class NoGenerations(CallFault):
    message: Annotated[str, Field(min_length=1)] = "Could not enqueue"

    @override
    async def answer(self, call: Call) -> Response:
        return JSONResponse({"generations": [], "error": {"message": self.message}})


class Delayed(AnswerFault):
    seconds: Seconds

    @override
    async def answer(self, call: Answered) -> Response:
        await call.wait(self.seconds)
        return call.given


class OtherSuccess(AnswerFault):
    status: Literal[201, 202] = 202

    @override
    async def answer(self, call: Answered) -> Response:
        call.given.status_code = self.status
        return call.given


class AcceptingCode(AnswerFault):
    """Say no and give a task id all the same."""

    code: Annotated[int, Field(ge=300, le=599)] = 500
    message: Annotated[str, Field(min_length=1)] = "Internal error"

    @override
    async def answer(self, call: Answered) -> Response:
        return JSONResponse({**call.told, "code": self.code, "message": self.message})


class AfterCallback(AnswerFault):
    """Answer when the callback is out, or when the seconds are over."""

    seconds: Seconds = 5.0

    @override
    def concerns(self, call: Answered) -> bool:
        return any(row.request.get("request_type") == "callback" for row in call.rows)

    @override
    async def answer(self, call: Answered) -> Response:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                for row in call.rows:
                    await row.called_back.wait()
        return call.given


class Lacking(AnswerFault):
    """Leave the oldest ids out of a list."""

    ids: Annotated[int, Field(ge=1)] = 1

    @override
    def concerns(self, call: Answered) -> bool:
        return bool(call.told["generations"])

    @override
    async def answer(self, call: Answered) -> Response:
        every = call.told["generations"]
        left_out, shown = every[: self.ids], every[self.ids :]
        for generation in left_out:
            if row := call.row_of(generation["generation_id"]):
                row.note(self.fault)
        return JSONResponse({**call.told, "count": len(shown), "generations": shown})


def _envelope(code: int, message: str, *, http_status: int = HTTPStatus.OK) -> Response:
    body = {"code": code, "message": message, "data": {"error": message}}
    return JSONResponse(body, http_status)


SUBMIT: Final = Place("submit", CallFault)
ANSWER: Final = Place("answer", AnswerFault)
STATUS: Final = Place("status", AnswerFault)
LIST: Final = Place("list", AnswerFault)
