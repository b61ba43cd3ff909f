"""APIXO's three endpoints."""

from decimal import Decimal
from http import HTTPStatus

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.sandbox.apixo.envelope import ApixoError, failure, on_error, success
from local.sandbox.apixo.request import MODEL, Submission
from local.sandbox.apixo.tasks import PRICE_USD, Task, Workshop
from local.sandbox.auth import KeyRequired
from local.sandbox.faults.gates import Questions, Submissions, gate
from local.sandbox.ledger import Provider, Row
from local.sandbox.strict import JSON_OBJECT, explain
from local.sandbox.studio import Studio


class Apixo:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._workshop = Workshop(studio)
        self._tasks: dict[str, Task] = {}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(
                    "/generateTask/{model}",
                    self.submit,
                    methods=["POST"],
                    middleware=gate(Submissions, self._studio, Provider.APIXO),
                ),
                Route(
                    "/statusTask/{model}",
                    self.status,
                    middleware=gate(Questions, self._studio, Provider.APIXO),
                ),
                Route("/apikeys/current-balance", self.balance),
            ],
            middleware=[Middleware(KeyRequired, settings=self._studio.settings, refusal=_refusal)],
            exception_handlers={ApixoError: on_error, HTTPException: on_error},
        )

    async def submit(self, request: Request) -> JSONResponse:
        model = _model(request)
        body = await request.body()
        submission = _read(body, request.headers.get("content-type", ""))
        precharge = PRICE_USD * submission.input.max_images
        if precharge > self._balance_usd():
            raise ApixoError(HTTPStatus.PAYMENT_REQUIRED, "The balance does not cover the task")
        task = Task(model=model, submission=submission)
        row = Row(
            provider=Provider.APIXO,
            task_id=task.id,
            request=JSON_OBJECT.validate_json(body),
            images_asked=submission.input.max_images,
            state=task.state,
            charged_usd=precharge,
        )
        self._tasks[task.id] = task
        self._studio.background.start(self._workshop.run(task, self._studio.ledger.add(row)))
        return JSONResponse(success({"taskId": task.id}))

    async def status(self, request: Request) -> JSONResponse:
        model = _model(request)
        if not (task_id := request.query_params.get("taskId")):
            raise ApixoError(HTTPStatus.BAD_REQUEST, "Missing required field: taskId")
        task = self._tasks.get(task_id)
        if task is None or task.model != model:
            raise ApixoError(HTTPStatus.NOT_FOUND, "Task not found")
        return JSONResponse(success(task.to_json()))

    async def balance(self, _: Request) -> JSONResponse:
        return JSONResponse(success(float(self._balance_usd())))

    def _balance_usd(self) -> Decimal:
        charged = self._studio.ledger.charged(Provider.APIXO)
        return self._studio.settings.apixo_balance_usd - charged


def _refusal(_: Request) -> JSONResponse:
    return failure(HTTPStatus.UNAUTHORIZED, "Missing or invalid API key")


def _model(request: Request) -> str:
    model: str = request.path_params["model"]
    if model != MODEL:
        raise ApixoError(HTTPStatus.NOT_FOUND, f"Model not found: {model}")
    return model


def _read(body: bytes, content_type: str) -> Submission:
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise ApixoError(HTTPStatus.BAD_REQUEST, "Content-Type must be application/json")
    try:
        return Submission.model_validate_json(body)
    except ValidationError as exc:
        raise ApixoError(HTTPStatus.BAD_REQUEST, explain(exc)) from exc
