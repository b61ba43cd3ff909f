"""A Lambda environment on this machine: AWS's own runtime client beside a Runtime API of ours.

The client is `awslambdaric`, as in Lambda's image. The API is the little that it asks for: the next
event, and a place for answers and errors. Each reply goes out in one write without delay; in two
writes every call would wait 40 ms for an acknowledgement.
"""

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Final

from local.ports import LOOPBACK
from tests.patience import PATIENCE_SECONDS

_VERSION: Final = "/2018-06-01/runtime"
_NUMBERS: Final = count(1)
_IMAGE: Final = (
    *("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"),
    *("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"),
)
_ARN: Final = "arn:aws:lambda:us-east-1:000000000000:function:under-test"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one event: `ok`, `error`, or `timeout` of an environment that was killed."""

    kind: str
    content: Any = None


@dataclass(slots=True)
class _Event:
    content: bytes
    deadline_ms: int
    id: str = field(default_factory=lambda: f"request-{next(_NUMBERS)}")


class _Api(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Request)
        self.events: queue.Queue[_Event] = queue.Queue()
        self.outcomes: queue.Queue[Outcome] = queue.Queue()
        self.is_ready = threading.Event()

    def handle_error(self, *_: object) -> None:
        """An environment that is killed hangs up."""


class _Request(BaseHTTPRequestHandler):
    server: _Api
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        self.server.is_ready.set()
        event = self.server.events.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": _ARN,
        }
        self._reply(200, event.content, headers)

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"null")
        kind = "ok" if self.path.endswith("/response") else "error"
        if self.path.endswith("/init/error"):
            self.server.is_ready.set()
        self.server.outcomes.put(Outcome(kind, content))
        self._reply(202, b"{}", {})

    def _reply(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} .", "Content-Type: application/json"]
        lines += [f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + content)

    def log_message(self, *_: object) -> None:
        """Stay silent: the tests tell what went wrong."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One execution environment. It takes one event at a time, as Lambda's do."""

    process: subprocess.Popen[bytes]
    api: _Api

    def invoke(self, event: object, *, seconds: float = 30) -> Outcome:
        """Return what came of it; an environment that takes too long is killed, as by Lambda."""
        deadline = int((time.time() + seconds) * 1000)
        self.api.events.put(_Event(json.dumps(event).encode(), deadline))
        try:
            return self.api.outcomes.get(timeout=seconds)
        except queue.Empty:
            self.process.kill()
            return Outcome("timeout")

    def outcome_of_start(self) -> Outcome:
        return self.api.outcomes.get(timeout=PATIENCE_SECONDS)


@contextmanager
def lambda_environment(
    package: Path, handler: str, variables: Mapping[str, str], *, image: Path
) -> Iterator[Environment]:
    """Start the runtime client with a package, and give it back when it asks for an event."""
    api = _Api()
    threading.Thread(target=api.serve_forever, daemon=True).start()
    process = started_client(
        package, handler, variables, image=image, api=f"{LOOPBACK}:{api.server_address[1]}"
    )
    try:
        assert api.is_ready.wait(PATIENCE_SECONDS), "the runtime client asks for nothing"
        yield Environment(process, api)
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        api.server_close()


def started_client(
    package: Path, handler: str, variables: Mapping[str, str], *, image: Path, api: str
) -> subprocess.Popen[bytes]:
    """Start the runtime client beside the Runtime API at `api`; it leads a session of its own.

    Without this machine's site-packages: what is neither in the package nor in Lambda's image is
    not there.
    """
    return subprocess.Popen(
        [sys.executable, "-S", "-m", "awslambdaric", handler],
        cwd=package,
        env={
            **_environ(package, handler),
            "PYTHONPATH": f"{package}:{image}",
            "AWS_LAMBDA_RUNTIME_API": api,
            **variables,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def lambda_image(folder: Path) -> Path:
    """Gather what Lambda's image has besides Python: the client, boto3, and what those need."""
    for name in _IMAGE:
        spec = find_spec(name)
        assert spec is not None, name
        assert spec.origin is not None, name
        place = Path(spec.origin)
        source = place.parent if place.name == "__init__.py" else place
        (folder / source.name).symlink_to(source)
    return folder


def _environ(package: Path, handler: str) -> dict[str, str]:
    """What Lambda sets. Of the shell's variables none gets in."""
    return {
        "PATH": os.defpath,
        "LAMBDA_TASK_ROOT": str(package),
        "PYTHONDONTWRITEBYTECODE": "1",
        "_HANDLER": handler,
        "AWS_LAMBDA_FUNCTION_NAME": "under-test",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/under-test",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
