"""What Oxen checks while the caller waits: the model, the count and nothing else."""

from http import HTTPStatus

from pydantic import JsonValue, ValidationError

from local.sandbox.oxen.errors import OxenError, PlainOxenError
from local.sandbox.oxen.generations import ACCOUNT
from local.sandbox.oxen.models import REQUESTS
from local.sandbox.strict import JSON_OBJECT

MAX_GENERATIONS = 4


def read_object(body: bytes) -> dict[str, JsonValue]:
    try:
        return JSON_OBJECT.validate_json(body)
    except ValidationError as exc:
        raise OxenError(HTTPStatus.BAD_REQUEST, "The body is not a JSON object") from exc


def checked_model(params: dict[str, JsonValue]) -> str:
    model = params.get("model")
    if not isinstance(model, str) or not model:
        raise OxenError(HTTPStatus.BAD_REQUEST, "model is required")
    if model not in REQUESTS:
        raise PlainOxenError(HTTPStatus.NOT_FOUND, f"Model not found: {model}")
    return model


def checked_count(params: dict[str, JsonValue]) -> int:
    count = params.get("num_generations", 1)
    if isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= MAX_GENERATIONS:
        return count
    detail = f"num_generations must be an integer between 1 and {MAX_GENERATIONS}"
    raise OxenError(HTTPStatus.BAD_REQUEST, detail)


def namespace_of(params: dict[str, JsonValue]) -> str:
    named = params.get("target_namespace", ACCOUNT)
    return named if isinstance(named, str) and named else ACCOUNT
