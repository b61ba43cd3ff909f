"""Seedhook as in Lambda: sixteen environments, each a process of AWS's runtime client.

The package is the one that is deployed, the table that of template.yaml, on the embedded AWS. What
follows an answer in a deployment (events, callbacks, the watch) does not run.
"""

import json
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.peer.load import Candidate, post
from benchmarks.peer.programs import asked, listening
from local.aws import client
from local.engine import REGION, ROOT, EngineOptions, running_engine
from local.package import build_packages
from local.ports import LOOPBACK, free_port
from shared.adapters.clock import SystemClock
from shared.adapters.dynamodb.keys import DynamoApiKeys
from shared.usecases.keys import IssueKey
from tests.contract.aws import Aws
from tests.lambda_runtime import lambda_image, started_client

ENVIRONMENTS: Final = 16
_HANDLER: Final = "functions.submit.handler.lambda_handler"
_BODY: Final = {
    "model": "seedream-4.5",
    "provider": "apixo",
    "prompt": "a fox in watercolour",
    "size": "2K",
}
_START_SECONDS: Final = 60.0
_POLL: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What a deployment consists of besides the function."""

    variables: Mapping[str, str]
    key: str
    engine: int


@contextmanager
def running_seedhook(upstream: int) -> Iterator[Candidate]:
    """Give it back when all its environments wait for their first event."""
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory()))
        ground = started.enter_context(_ground(folder, upstream))
        port = free_port()
        front = started.enter_context(_gateway(port, folder / "gateway.log"))
        clients = started.enter_context(_environments(folder, ground, port))
        yield Candidate(
            name="Seedhook",
            ports=(port,),
            request=post("/v1/jobs", json.dumps(_BODY).encode(), key=ground.key),
            status=202,
            processes={"functions": clients, "embedded AWS": {ground.engine}, "gateway": {front}},
        )


@contextmanager
def _ground(folder: Path, upstream: int) -> Iterator[_Ground]:
    options = EngineOptions(
        port=free_port(), temp=folder, log=folder / "engine.log", objects=folder / "objects"
    )
    with running_engine(options) as engine:
        engine.wait_until_ready()
        aws = Aws(engine.url)
        table = aws.new_table()
        keys = DynamoApiKeys(aws.dynamodb, table=table)
        issue = IssueKey(keys=keys, clock=SystemClock(), random_bytes=os.urandom)
        yield _Ground(
            variables={
                **_places(engine.url, aws, table),
                "APIXO_BASE_URL": f"http://{LOOPBACK}:{upstream}",
                "LOOPBACK_ORIGINS": f"{LOOPBACK}:{upstream}",
            },
            key=issue(tenant="default", name="bench").text,
            engine=engine.process.pid,
        )


def _places(url: str, aws: Aws, table: str) -> dict[str, str]:
    client("ssm", endpoint_url=url, region=REGION).put_parameter(
        Name="/apixo-key", Value="a key", Type="SecureString"
    )
    return {
        "AWS_ENDPOINT_URL": url,
        "TABLE_NAME": table,
        "UPLOADS_BUCKET": aws.new_bucket(),
        "MEDIA_BUCKET": aws.new_bucket(),
        "DISPATCH_QUEUE_URL": aws.new_queue(),
        "COLLECT_QUEUE_URL": aws.new_queue(),
        "WATCH_FUNCTION": "watch",
        "CALLBACK_KEYS_PARAMETER": "/callback-keys",  # the first who signs makes them
        "APIXO_KEY_PARAMETER": "/apixo-key",
        "PUBLIC_URL": "https://api.example",
        "POWERTOOLS_SERVICE_NAME": "seedhook",
        "POWERTOOLS_TRACE_DISABLED": "1",
    }


@contextmanager
def _gateway(port: int, log: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.peer.gateway", str(port)]
    with listening(command, port=port, log=log, environ={"PYTHONPATH": str(ROOT)}) as pid:
        yield pid


@contextmanager
def _environments(folder: Path, ground: _Ground, port: int) -> Iterator[set[int]]:
    package, image = folder / "package", folder / "image"
    image.mkdir()
    lambda_image(image)
    with zipfile.ZipFile(build_packages().common.path) as built:
        built.extractall(package)
    clients = [
        started_client(package, _HANDLER, ground.variables, image=image, api=f"{LOOPBACK}:{port}")
        for _ in range(ENVIRONMENTS)
    ]
    try:
        _wait_for(port)
        yield {one.pid for one in clients}
    finally:
        for one in clients:
            one.kill()
            one.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while asked(port, "/environments") != ENVIRONMENTS:
        if time.monotonic() > deadline:
            raise SystemExit("not all environments ask for an event")
        time.sleep(_POLL)
