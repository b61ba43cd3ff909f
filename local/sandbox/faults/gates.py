"""Where the faults of calls take hold: around the routes that a provider has."""

from typing import override

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.sandbox.background import Stopped
from local.sandbox.connection import HungUp
from local.sandbox.faults.calls import ANSWER, LIST, STATUS, SUBMIT, Answered, AnswerFault, Call
from local.sandbox.faults.fault import Place
from local.sandbox.ledger import Provider, Row, noting
from local.sandbox.studio import Studio


class _Gate:
    def __init__(self, app: ASGIApp, *, studio: Studio, provider: Provider) -> None:
        self._app = app
        self._studio = studio
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Stopped:
            answer = HungUp()
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        raise NotImplementedError

    async def _given(self, request: Request) -> Response:
        """Let the provider answer, and keep the answer back."""
        given = Response()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                given.status_code = message["status"]
                given.raw_headers = list(message["headers"])
            else:
                given.body = bytes(given.body) + message.get("body", b"")

        await self._app(request.scope, request.receive, send)
        return given

    async def _spoilt(
        self, place: Place[AnswerFault], request: Request, given: Response, *rows: Row
    ) -> Response:
        ledger = self._studio.ledger
        call = Answered(
            provider=self._provider,
            request=request,
            given=given,
            rows=rows,
            wait=self._studio.wait,
            row_of=lambda task_id: ledger.row(self._provider, task_id),
            data_of=self._studio.files.data_of,
        )
        answer = given
        for fault in self._studio.chaos.striking(
            place, self._provider, *rows, concerned=lambda fault: fault.concerns(call)
        ):
            spoilt = await fault.answer(call)
            # One that only delays leaves standing what another has made of the answer.
            answer = answer if spoilt is given else spoilt
        return answer


class Submissions(_Gate):
    """Before the provider sees a request, or after it has accepted it."""

    @override
    async def _answer(self, request: Request) -> Response:
        call = Call(provider=self._provider, request=request)
        for fault in self._studio.chaos.striking(SUBMIT, self._provider):
            await request.body()
            return await fault.answer(call)
        with noting() as rows:
            given = await self._given(request)
        if not rows or not _is_success(given):
            return given
        return await self._spoilt(ANSWER, request, given, *rows)


class Questions(_Gate):
    """After the provider has found what was asked for."""

    @override
    async def _answer(self, request: Request) -> Response:
        given = await self._given(request)
        if not _is_success(given):
            return given
        named = request.path_params.get("generation_id") or request.query_params.get("taskId")
        row = self._studio.ledger.row(self._provider, named) if named else None
        return await self._spoilt(STATUS, request, given, *([row] if row else []))


class Lists(_Gate):
    @override
    async def _answer(self, request: Request) -> Response:
        given = await self._given(request)
        return await self._spoilt(LIST, request, given) if _is_success(given) else given


def gate(kind: type[_Gate], studio: Studio, provider: Provider) -> list[Middleware]:
    return [Middleware(kind, studio=studio, provider=provider)]


def _is_success(answer: Response) -> bool:
    return 200 <= answer.status_code < 300  # noqa: PLR2004  the class of statuses
