"""What the callback function computes itself: its handler's CPU time, without the network.

The deployed adapters and botocore work as in Lambda: requests are built, signed and given to be
sent. There, instead of a connection, AWS's short answers lie ready.
"""

import json
import logging
import os
import statistics
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from benchmarks.table import Bar, Table
from functions.callback import handler
from shared.adapters.aws import client
from shared.domain.callback_token import CallbackKeys, CallbackTarget, sign
from shared.domain.ids import JobId
from shared.wiring.service import Service

CALLS: Final = 1000
MOST_MILLISECONDS: Final = 5.0
_SAMPLE: Final = Path(__file__).parent.parent / "events" / "callback.http.json"
_ENVIRON: Final = {
    "CALLBACK_KEYS_PARAMETER": "/keys",
    "MEDIA_BUCKET": "media",
    "COLLECT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/collect",
}
_SECRET: Final = {"kid": "k1", "key": "a secret"}
_ANSWERS: Final = {
    "PutObject": b"",
    "SendMessage": b'{"MessageId": "1", "MD5OfMessageBody": "2"}',
    "GetParameter": json.dumps({"Parameter": {"Value": json.dumps(_SECRET)}}).encode(),
}


def answered(request: Any, event_name: str, **_: Any) -> AWSResponse:
    """Take the place of the connection, as botocore lets a hook do."""
    content = _ANSWERS[event_name.rpartition(".")[2]]
    raw: Any = HTTPResponse(BytesIO(content), preload_content=False)
    return AWSResponse(request.url, 200, HTTPHeaders(), raw)


def genuine_event() -> dict[str, Any]:
    event: dict[str, Any] = json.loads(_SAMPLE.read_bytes())
    path = event["pathParameters"]
    target = CallbackTarget(
        provider=path["provider"], job_id=JobId(path["job_id"]), attempt=int(path["attempt"])
    )
    keys = CallbackKeys(current=_SECRET["kid"], keys={_SECRET["kid"]: _SECRET["key"].encode()})
    path["token"] = sign(target, keys=keys, expires=datetime.now(UTC) + timedelta(days=1))
    return event


def milliseconds() -> list[float]:
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test"}
    os.environ["AWS_SECRET_ACCESS_KEY"] = "test"  # noqa: S105  # signing is part of the work
    for name in ("s3", "sqs", "ssm"):
        client(name).meta.events.register("before-send", answered)
    service, event = Service(_ENVIRON), genuine_event()
    taken: list[float] = []
    for _ in range(CALLS):
        begun = time.process_time_ns()
        answer = handler.handle(service, event)
        taken.append((time.process_time_ns() - begun) / 1_000_000)
        if answer["statusCode"] != HTTPStatus.OK:
            raise SystemExit(answer)
    return taken


def report() -> Table:
    logging.disable(logging.INFO)
    taken = milliseconds()
    logging.disable(logging.NOTSET)
    table = Table("Callback handler, own CPU", ("what", "ms", "at most", "bar"))
    table.add("median", *Bar(statistics.median(taken), MOST_MILLISECONDS).cells())
    table.add("slowest of a hundred", *Bar(statistics.quantiles(taken, n=100)[-1]).cells())
    return table


if __name__ == "__main__":
    print(report())
