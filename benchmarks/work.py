"""The work of one job, counted on the local stack: AWS calls, bytes, capacity units, invocations.

Each path is played once to fill what is remembered between jobs (keys, secrets, breakers), then
JOBS times, one job after the other; what is told is the job in the middle. What belongs to a job
and what does not is told in `counted`.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, Final

from benchmarks.counted import Counted, Work, counting_stack
from benchmarks.prices import Units
from benchmarks.table import Bar, Table
from tests.pictures import a_png

JOBS: Final = 3
MOST_CALLS: Final = 14
MOST_INVOCATIONS: Final = 6
EDIT: Final = "APIXO, picture dropped into S3"

_PATIENCE: Final = 60.0
_POLL: Final = 0.05
_PROMPT: Final = "a fox in watercolour"
_TERMINAL: Final = frozenset({"succeeded", "partial", "failed", "cancelled", "expired"})
_WRITES: Final = frozenset(
    {"CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload", "PutObject", "UploadPart"}
)
_READS: Final = frozenset({"GetObject", "HeadObject"})
_NUMBERS: Final = count(1)

type Play = Callable[[Counted], None]


def submit(provider: str, delivery: str) -> Play:
    def play(counted: Counted) -> None:
        body = {
            "model": "seedream-4.5",
            "provider": provider,
            "delivery": delivery,
            "prompt": _PROMPT,
            "resolution": "2K",
        }
        answer = counted.api.post("/v1/jobs", json=body).raise_for_status()
        finish(counted, answer.json()["id"])

    return play


def finish(counted: Counted, job_id: str) -> None:
    job: dict[str, Any] = {"status": "queued"}
    while job["status"] not in _TERMINAL:
        job = counted.api.get(f"/v1/jobs/{job_id}?wait=25").raise_for_status().json()
    _check(job)


def drop_picture(counted: Counted) -> None:
    """Put a picture under `edits/` and wait for the record beside its results."""
    key, s3 = f"edits/animals/cat-{next(_NUMBERS):04}.png", counted.client("s3")
    said = {"prompt": _PROMPT, "provider": "apixo", "resolution": "2K"}
    s3.put_object(Bucket=counted.stack.uploads_bucket, Key=key, Body=a_png(64, 48), Metadata=said)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            record = s3.get_object(Bucket=counted.stack.media_bucket, Key=f"{key}/job.json")
        except s3.exceptions.NoSuchKey:
            time.sleep(_POLL)
        else:
            return _check(json.loads(record["Body"].read()))
    raise SystemExit(f"nothing has come of {key}")


def _check(job: Mapping[str, Any]) -> None:
    if job["status"] != "succeeded":
        raise SystemExit(f"{job['id']} {job['status']}: {job['error']}")


PATHS: Final[Mapping[str, Play]] = {
    "APIXO, callback": submit("apixo", "callback"),
    "AI/ML API, sync": submit("aimlapi", "sync"),
    "Oxen.ai, poll": submit("oxen", "poll"),
    "Oxen.ai, stream": submit("oxen", "stream"),
    EDIT: drop_picture,
}


def one_job(counted: Counted, play: Play) -> Work:
    before = counted.settled()
    play(counted)
    return counted.settled().since(before)


def usual_job(counted: Counted, play: Play) -> Work:
    play(counted)
    works = [one_job(counted, play) for _ in range(JOBS)]
    return sorted(works, key=lambda work: work.calls.made.total())[JOBS // 2]


def counted_paths() -> Iterator[tuple[str, Work]]:
    with counting_stack() as counted:
        for name, play in PATHS.items():
            yield name, usual_job(counted, play)


def priced(name: str, work: Work, *, gb_seconds: float) -> Units:
    """Return what is paid for a job. S3 tells of a dropped picture by an event and a message."""
    told_by_s3 = int(name == EDIT)

    def operations(names: frozenset[str]) -> int:
        return sum(times for (_, operation), times in work.calls.made.items() if operation in names)

    return Units(
        api_requests=work.invocations["Submit"] + work.invocations["Callback"],
        invocations=work.invocations.total(),
        gb_seconds=gb_seconds,
        write_units=work.calls.write_units,
        read_units=work.calls.read_units,
        puts=operations(_WRITES),
        gets=operations(_READS),
        messages=operations(frozenset({"SendMessage"})) + told_by_s3,
        events=operations(frozenset({"PutEvents"})) + told_by_s3,
    )


def report() -> Table:
    head = ("path", "what", "figure", "at most", "bar")
    table = Table("Work per job, one image", head)
    for name, work in counted_paths():
        bounded = name == "APIXO, callback"
        calls = Bar(work.calls.made.total(), MOST_CALLS if bounded else None)
        invocations = Bar(work.invocations.total(), MOST_INVOCATIONS if bounded else None)
        table.add(name, "AWS calls", *calls.cells())
        table.add(name, "invocations", *invocations.cells())
        table.add(name, "bytes sent to AWS", *Bar(work.calls.sent.total()).cells())
        table.add(name, "write units", *Bar(work.calls.write_units).cells())
        table.add(name, "read units", *Bar(work.calls.read_units).cells())
        table.add(name, "billed ms on this machine", *Bar(work.billed.total()).cells())
        table.notes += _details(name, work)
    return table


def _details(name: str, work: Work) -> Iterator[str]:
    for (function, operation), times in sorted(work.calls.made.items()):
        yield f"{name}: {function} {operation} {times}"
    for place, units in sorted(work.calls.units.items()):
        yield f"{name}: {place}, {units:g} units"
    for function, times in sorted(work.invocations.items()):
        yield f"{name}: {function}, {times} invocations"


if __name__ == "__main__":
    print(report())
