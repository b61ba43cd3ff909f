"""One call: its ids, its headers and its line in the log."""

import re
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus

from pydantic import JsonValue, ValidationError
from starlette.requests import Request

from local.sandbox.aimlapi.errors import AimlapiError
from local.sandbox.aimlapi.logs import LogRow, credits_of
from local.sandbox.aimlapi.request import IDS, MODEL, Generation
from local.sandbox.ledger import FREE
from local.sandbox.strict import JSON_OBJECT, explain

_CLIENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    key: str
    client_request_id: str | None
    inference_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @classmethod
    def of(cls, request: Request, key: str) -> "Call":
        """Drop a malformed client id without a word, as the real one does."""
        named = request.headers.get("x-client-request-id", "")
        return cls(key=key, client_request_id=named if _CLIENT_ID.fullmatch(named) else None)

    def headers(self, usd: Decimal) -> dict[str, str]:
        told = {
            "x-inference-id": self.inference_id,
            "x-aimlapi-credits-used": str(credits_of(usd)),
            "x-aimlapi-usd-spent": f"{usd:.9f}",
        }
        if self.client_request_id:
            told["x-client-request-id"] = self.client_request_id
        return told

    def log_row(self, status: str, usd: Decimal = FREE) -> LogRow:
        return LogRow(
            key=self.key,
            model=MODEL,
            status=status,
            request_id=self.request_id,
            inference_id=self.inference_id,
            client_request_id=self.client_request_id,
            usd=usd,
        )


def read(body: bytes) -> tuple[dict[str, JsonValue], Generation]:
    try:
        received = JSON_OBJECT.validate_json(body)
        wanted = Generation.model_validate_json(body)
    except ValidationError as exc:
        message = f"Body validation error! {explain(exc)}"
        raise AimlapiError(HTTPStatus.BAD_REQUEST, message) from exc
    if wanted.model not in IDS:
        raise AimlapiError(HTTPStatus.NOT_FOUND, "Model not found")
    return received, wanted
