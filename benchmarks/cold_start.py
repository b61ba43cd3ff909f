"""What a cold start costs: importing a function and its first wiring, beside the least it could be.

The floor is `boto3`, the clients that the function's first event needs and the Powertools logger,
in the same interpreter and with the same byte code. Both run in fresh interpreters, by turns, and
what is compared is CPU time: it is what Lambda's start is made of, and other programs on the
machine disturb it least. Ours builds the same clients and all that the first event passes through.
"""

import os
import statistics
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.table import Bar, Table
from local.engine import PYTHON
from local.package import build_packages

TURNS: Final = 15
_MEGABYTE: Final = 1_000_000
PACKAGE_MEGABYTES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A function's first event: the clients it needs, and the wiring it passes through."""

    clients: tuple[str, ...]
    wiring: tuple[str, ...]
    bar: float | None = None
    has_app: bool = False


_SENDING: Final = ("dynamodb", "lambda", "s3", "sqs", "ssm")
STARTS: Final[Mapping[str, Start]] = {
    "callback": Start(clients=("s3", "sqs", "ssm"), wiring=("accept_callback",), bar=1.3),
    "submit": Start(
        clients=_SENDING,
        wiring=("authenticate", "admit_job", "send_off", "await_end"),
        bar=1.6,
        has_app=True,
    ),
    "openai": Start(
        clients=_SENDING,
        wiring=("authenticate", "admit_job", "send_off", "await_end"),
        bar=1.6,
        has_app=True,
    ),
    "manage": Start(
        clients=("dynamodb", "s3"),
        wiring=("authenticate", "jobs", "await_change", "media"),
        bar=1.6,
        has_app=True,
    ),
    "dispatch": Start(clients=_SENDING, wiring=("dispatch_attempt",)),
    "collect": Start(clients=("dynamodb", "s3", "ssm"), wiring=("collect_result",)),
    "intake": Start(clients=("dynamodb", "s3", "sqs", "ssm"), wiring=("take_drop",)),
    "watch": Start(clients=("dynamodb", "sqs", "ssm"), wiring=("watch_jobs",)),
    "publish": Start(clients=("dynamodb", "events"), wiring=("publish_events",)),
    "deliver": Start(clients=("dynamodb",), wiring=("deliver_webhook",)),
}

_TIMED: Final = "import time; begun = time.process_time()\n{}\nprint(time.process_time() - begun)"
_FLOOR: Final = """
import boto3
from botocore.config import Config
from aws_lambda_powertools import Logger
Logger()
config = Config(retries={{"mode": "standard"}}, signature_version="v4")
for name in {clients!r}:
    boto3.client(name, config=config)
"""
_OURS: Final = """
from functions.{name} import handler
service = handler.Service()
{app}
for use in {wiring!r}:
    getattr(service, use)
from shared.adapters.aws import client
for name in {clients!r}:
    client(name)
"""

_PLACES: Final = (
    "TABLE_NAME UPLOADS_BUCKET MEDIA_BUCKET DISPATCH_QUEUE_URL COLLECT_QUEUE_URL DELIVER_QUEUE_URL "
    "INTAKE_QUEUE_URL PREVIEW_QUEUE_URL WATCH_FUNCTION CALLBACK_KEYS_PARAMETER ADMIN_KEY_PARAMETER "
    "EVENT_BUS INTAKE_KEY_PARAMETER APIXO_KEY_PARAMETER OXEN_KEY_PARAMETER AIMLAPI_KEY_PARAMETER"
)


def environment(package: Path) -> dict[str, str]:
    return {
        **dict.fromkeys(_PLACES.split(), "somewhere"),
        **{f"{name}_BASE_URL": "https://provider.example" for name in ("APIXO", "OXEN", "AIMLAPI")},
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(package),
        "PUBLIC_URL": "https://api.example",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_FUNCTION_NAME": "measured",
        "POWERTOOLS_SERVICE_NAME": "seedhook",
    }


def programs(name: str, start: Start) -> dict[str, str]:
    app = "handler.create_app(service)" if start.has_app else ""
    ours = _OURS.format(name=name, app=app, wiring=start.wiring, clients=start.clients)
    return {
        "floor": _TIMED.format(_FLOOR.format(clients=start.clients)),
        "ours": _TIMED.format(ours),
    }


def milliseconds(program: str, package: Path) -> float:
    """Return the CPU time of one run in a fresh interpreter."""
    answer = subprocess.run(  # noqa: S603  # our own programs
        [PYTHON, "-c", program],
        cwd=package,
        env=environment(package),
        check=True,
        capture_output=True,
        text=True,
    )
    return float(answer.stdout) * 1000


def measure(package: Path, turns: int) -> Iterator[tuple[str, dict[str, list[float]]]]:
    for name, start in STARTS.items():
        both = programs(name, start)
        for program in both.values():  # the interpreter writes the byte code of boto3 once
            milliseconds(program, package)
        taken: dict[str, list[float]] = {which: [] for which in both}
        for _ in range(turns):
            for which, program in both.items():
                taken[which].append(milliseconds(program, package))
        yield name, taken


def megabytes(package: Path) -> float:
    return sum(one.stat().st_size for one in package.rglob("*") if one.is_file()) / _MEGABYTE


def report(turns: int = TURNS) -> Table:
    table = Table(
        "Cold start",
        ("function", "floor ms", "ours ms", "spread ms", "ratio", "at most", "bar"),
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(build_packages().common.path) as built,
    ):
        package = Path(folder)
        built.extractall(package)
        for name, taken in measure(package, turns):
            floor, ours = (statistics.median(taken[which]) for which in ("floor", "ours"))
            spread = f"{min(taken['ours']):.0f} to {max(taken['ours']):.0f}"
            bar = Bar(ours / floor, STARTS[name].bar)
            table.add(name, f"{floor:.0f}", f"{ours:.0f}", spread, *bar.cells())
        size = Bar(megabytes(package), PACKAGE_MEGABYTES)
    table.add("package, MB", "", "", "", *size.cells())
    return table


if __name__ == "__main__":
    print(report())
