"""HTTP API events (payload format 2.0) and the answers to them."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @classmethod
    def of(cls, result: dict[str, Any]) -> "Answer":
        return cls(
            status=result["statusCode"],
            headers={name.lower(): value for name, value in result.get("headers", {}).items()},
            body=result.get("body", ""),
        )


def http_event(  # noqa: PLR0913  # a request has that many parts
    method: str,
    path: str,
    *,
    body: str | bytes | None = None,
    key: str | None = None,
    query: dict[str, str] | None = None,
    path_parameters: dict[str, str] | None = None,
) -> dict[str, Any]:
    headers = {"host": "seedhook.example", "content-type": "application/json"}
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": headers,
        "queryStringParameters": query or {},
        "pathParameters": path_parameters or {},
        "requestContext": {
            "domainName": "seedhook.example",
            "http": {"method": method, "path": path},
            "requestId": "request-1",
            "stage": "$default",
        },
        "isBase64Encoded": isinstance(body, bytes),
    }
    if body is not None:
        text = base64.b64encode(body).decode() if isinstance(body, bytes) else body
        event["body"] = text
    return event


class AnyContext(LambdaContext):
    """What Powertools asks of a Lambda context."""

    function_name = "test"
    function_version = "$LATEST"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:test"
    aws_request_id = "request-1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 120_000
