"""AI/ML API's two endpoints."""

import base64
from decimal import Decimal
from http import HTTPStatus

from pydantic import JsonValue
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.sandbox.aimlapi.call import Call, read
from local.sandbox.aimlapi.errors import AimlapiError, error, on_error
from local.sandbox.aimlapi.logs import Logs, credits_of
from local.sandbox.aimlapi.request import Generation
from local.sandbox.auth import KeyRequired, bearer_key
from local.sandbox.background import Stopped
from local.sandbox.faults.gates import Questions, Submissions, gate
from local.sandbox.ledger import FREE, Provider, Row
from local.sandbox.orders import Failed, Order, Picture, Refused
from local.sandbox.references import Unreadable, Why
from local.sandbox.studio import Studio, seconds_within

PRICE_USD = Decimal("0.042")


class Aimlapi:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._logs = Logs()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(
                    "/v1/images/generations",
                    self.generate,
                    methods=["POST"],
                    middleware=gate(Submissions, self._studio, Provider.AIMLAPI),
                ),
                Route(
                    "/v2/logs",
                    self.logs,
                    middleware=gate(Questions, self._studio, Provider.AIMLAPI),
                ),
            ],
            middleware=[Middleware(KeyRequired, settings=self._studio.settings, refusal=_refusal)],
            exception_handlers={AimlapiError: on_error, HTTPException: on_error},
        )

    async def generate(self, request: Request) -> JSONResponse:
        call = Call.of(request, self._key(request))
        body = await request.body()
        try:
            answer = await self._studio.background.finish(self._run(call, body))
        except AimlapiError as problem:
            return _failure(request, call, problem)
        except Stopped:
            stopped = AimlapiError(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")
            return _failure(request, call, stopped)
        return JSONResponse(answer, headers=call.headers(PRICE_USD))

    async def logs(self, request: Request) -> JSONResponse:
        return JSONResponse(self._logs.page(request.query_params, key=self._key(request)))

    async def _run(self, call: Call, body: bytes) -> dict[str, JsonValue]:
        """Go on to the end, bill and log included, even when nobody waits any more."""
        try:
            received, wanted = read(body)
            row = self._studio.ledger.add(_row(call, received))
            pictures = await self._paint(wanted, row)
        except AimlapiError:
            self._logs.add(call.log_row("failed"))
            raise
        self._logs.add(call.log_row("succeeded", PRICE_USD))
        return _answer(wanted, pictures)

    async def _paint(self, wanted: Generation, row: Row) -> list[Picture]:
        try:
            pictures = await self._studio.make(_order(wanted, row))
        except (Refused, Unreadable) as exc:
            row.settle("failed", FREE)
            raise AimlapiError(HTTPStatus.BAD_REQUEST, _reason(exc)) from exc
        except Failed as exc:
            row.settle("failed", FREE)
            raise AimlapiError(exc.status, str(exc)) from exc
        row.settle("succeeded", PRICE_USD)
        return pictures

    def _key(self, request: Request) -> str:
        return bearer_key(request, self._studio.settings) or ""


def _refusal(request: Request) -> JSONResponse:
    return error(request, HTTPStatus.UNAUTHORIZED, "A valid API key is required")


def _failure(request: Request, call: Call, problem: AimlapiError) -> JSONResponse:
    return error(
        request,
        problem.status,
        problem.message,
        request_id=call.request_id,
        headers=call.headers(FREE),
    )


def _row(call: Call, received: dict[str, JsonValue]) -> Row:
    return Row(
        provider=Provider.AIMLAPI,
        task_id=call.inference_id,
        request=received,
        images_asked=1,
        state="processing",
    )


def _order(wanted: Generation, row: Row) -> Order:
    return Order(
        row=row,
        model=wanted.model,
        prompt=wanted.prompt,
        references=tuple(wanted.image_urls or ()),
        size_for=wanted.size_for,
        image_format="jpeg",  # what the model makes when nobody converts it
        numbers=range(1, 2),
        total=1,
        seconds=seconds_within(row.task_id, 10, 30),
    )


def _answer(wanted: Generation, pictures: list[Picture]) -> dict[str, JsonValue]:
    usage: dict[str, JsonValue] = {
        "credits_used": credits_of(PRICE_USD),
        "usd_spent": float(PRICE_USD),
    }
    images: list[JsonValue] = [_image(wanted, picture) for picture in pictures]
    return {"data": images, "meta": {"usage": usage}, "model": wanted.model}


def _image(wanted: Generation, picture: Picture) -> dict[str, JsonValue]:
    inline = wanted.response_format == "b64_json"
    return {
        "url": None if inline else picture.url,
        "b64_json": base64.b64encode(picture.data).decode() if inline else None,
        "size": str(picture.size),
    }


def _reason(problem: Refused | Unreadable) -> str:
    match problem:
        case Refused():
            return "InputTextSensitiveContentDetected: content refused"
        case Unreadable(why=Why.TIMEOUT):
            return f"InvalidParameter: Timeout while downloading url={problem.url}"
        case _:
            return f"InvalidParameter: cannot read the image, url={problem.url}"
