"""The work of one job, counted on the local stack: AWS calls, bytes, invocations, milliseconds.

Functions write down each call they make (local/counting); invocations and their time are in the
functions' logs, as in CloudWatch. Each path is played once to fill what is remembered between jobs
(keys, secrets, breakers), then JOBS times, one job after the other; what is told is the job in the
middle.

Apart from the job's own work stand reading it (`manage`), previews and webhooks (`publish` asks for
the ones, and once for each batch of events whether there are any of the others), and the watch: it
looks after all jobs at once, however many there are, and is started each minute anyway.
"""

import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.table import Bar, Table
from local.aws import client
from local.stack import Stack, StackOptions, running_stack

JOBS: Final = 3
MOST_CALLS: Final = 14
MOST_INVOCATIONS: Final = 6
APART: Final = frozenset({"Manage", "Deliver", "Preview", "Watch"})
# Whether there are webhooks, and requests for deliveries and previews.
_FOR_OTHERS: Final = frozenset({("Publish", "Query"), ("Publish", "SendMessage")})

_PATIENCE: Final = 60.0
_QUIET: Final = 1.5  # seconds without a call: the job's events are out
_POLL: Final = 0.1
_REPORT: Final = re.compile(r"REPORT RequestId: (\S+)\s.*Billed Duration: (\d+) ms", re.DOTALL)
_FUNCTION: Final = re.compile(r"([A-Za-z]+?)(?:Function|Logs)\b", re.IGNORECASE)
_TERMINAL: Final = frozenset({"succeeded", "partial", "failed", "cancelled", "expired"})

type Play = Callable[["Counted"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What was done: calls by function and operation, bytes sent, invocations, their time."""

    calls: Counter[tuple[str, str]]
    sent: Counter[tuple[str, str]]
    invocations: Counter[str]
    billed: Counter[str]

    def since(self, before: "Work") -> "Work":
        return Work(
            calls=self.calls - before.calls,
            sent=self.sent - before.sent,
            invocations=self.invocations - before.invocations,
            billed=self.billed - before.billed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A running stack whose functions write down their calls."""

    stack: Stack
    api: httpx.Client
    file: Path

    def look(self) -> Work:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        rows = [(_name(function), *rest) for function, *rest in map(json.loads, lines)]
        ours = [row for row in rows if row[0] not in APART and (row[0], row[2]) not in _FOR_OTHERS]
        sent: Counter[tuple[str, str]] = Counter()
        for function, _, operation, size in ours:
            sent[function, operation] += size
        invocations: Counter[str] = Counter()
        billed: Counter[str] = Counter()
        for function, milliseconds in self._reports():
            invocations[function] += 1
            billed[function] += milliseconds
        return Work(
            calls=Counter((function, operation) for function, _, operation, _ in ours),
            sent=sent,
            invocations=invocations,
            billed=billed,
        )

    def settled(self) -> Work:
        """Return what was done once nobody does anything more."""
        deadline = time.monotonic() + _PATIENCE
        work, quiet_since = self.look(), time.monotonic()
        while time.monotonic() < quiet_since + _QUIET:
            if time.monotonic() > deadline:
                raise SystemExit("the functions do not come to rest")
            time.sleep(_POLL)
            now = self.look()
            if now != work:
                work, quiet_since = now, time.monotonic()
        return work

    def _reports(self) -> Iterator[tuple[str, int]]:
        logs = client("logs", endpoint_url=self.stack.aws_endpoint_url, region=self.stack.region)
        for group in logs.describe_log_groups()["logGroups"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], filterPattern="REPORT"
            )
            messages = (event["message"] for page in pages for event in page["events"])
            reports = filter(None, map(_REPORT.search, messages))
            found = {report[1]: int(report[2]) for report in reports}
            name = _name(group["logGroupName"])
            if name not in APART:
                yield from ((name, milliseconds) for milliseconds in found.values())


def _name(text: str) -> str:
    """Return `Collect` for whatever the engine calls a function or its log."""
    found = _FUNCTION.search(text)
    return found[1].capitalize() if found else text


def submit(provider: str, delivery: str) -> Play:
    def play(counted: Counted) -> None:
        body = {
            "model": "seedream-4.5",
            "provider": provider,
            "delivery": delivery,
            "prompt": "a fox in watercolour",
            "resolution": "2K",
        }
        answer = counted.api.post("/v1/jobs", json=body).raise_for_status()
        finish(counted, answer.json()["id"])

    return play


def finish(counted: Counted, job_id: str) -> None:
    job: dict[str, Any] = {"status": "queued"}
    while job["status"] not in _TERMINAL:
        job = counted.api.get(f"/v1/jobs/{job_id}?wait=25").raise_for_status().json()
    if job["status"] != "succeeded":
        raise SystemExit(f"{job_id} {job['status']}: {job['error']}")


PATHS: Final[Mapping[str, Play]] = {
    "APIXO, callback": submit("apixo", "callback"),
    "AI/ML API, sync": submit("aimlapi", "sync"),
    "Oxen.ai, poll": submit("oxen", "poll"),
    "Oxen.ai, stream": submit("oxen", "stream"),
}


def one_job(counted: Counted, play: Play) -> Work:
    before = counted.settled()
    play(counted)
    return counted.settled().since(before)


def usual_job(counted: Counted, play: Play) -> Work:
    play(counted)
    works = [one_job(counted, play) for _ in range(JOBS)]
    return sorted(works, key=lambda work: work.calls.total())[JOBS // 2]


@contextmanager
def counting_stack() -> Iterator[Counted]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "calls")
        options = StackOptions(port=0, latency=0.1, strict=True, calls=file, environ={})
        with running_stack(options) as stack:
            headers = {"authorization": f"Bearer {stack.api_key}"}
            with httpx.Client(
                base_url=stack.api_url, headers=headers, timeout=60, trust_env=False
            ) as api:
                yield Counted(stack=stack, api=api, file=file)


def counted_paths() -> Iterator[tuple[str, Work]]:
    with counting_stack() as counted:
        for name, play in PATHS.items():
            yield name, usual_job(counted, play)


def report() -> Table:
    head = ("path", "what", "figure", "at most", "bar")
    table = Table("Work per job, one image", head)
    for name, work in counted_paths():
        bounded = name == "APIXO, callback"
        calls = Bar(work.calls.total(), MOST_CALLS if bounded else None)
        invocations = Bar(work.invocations.total(), MOST_INVOCATIONS if bounded else None)
        table.add(name, "AWS calls", *calls.cells())
        table.add(name, "invocations", *invocations.cells())
        table.add(name, "bytes sent to AWS", *Bar(work.sent.total()).cells())
        table.add(name, "billed ms on this machine", *Bar(work.billed.total()).cells())
        for (function, operation), count in sorted(work.calls.items()):
            table.notes.append(f"{name}: {function} {operation} {count}")
        for function, count in sorted(work.invocations.items()):
            table.notes.append(f"{name}: {function}, {count} invocations")
    return table


if __name__ == "__main__":
    print(report())
