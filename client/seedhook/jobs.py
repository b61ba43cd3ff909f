"""What can be done with jobs, told as flows."""

import json
import math
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from .attempts import Patience, document, read
from .documents import Job, Rehearsal
from .errors import StillRunning
from .fields import JobFields, JobFilter
from .steps import Call, Flow, Give, now, paused
from .transfers import Source, referenced

LONGEST_WAIT: Final = 25  # seconds that the API holds an answer back
_LARGEST_PAGE: Final = 100
# An answer that comes sooner, with nothing new in it, was not held back: do not ask in a circle.
_HELD_BACK_SECONDS: Final = 1.0


def submitted(  # noqa: PLR0913  # a request has that many parts
    patience: Patience,
    prompt: str,
    *,
    model: str,
    images: Sequence[Source],
    fields: JobFields,
    idempotency_key: str | None,
    wait: int | None,
) -> Flow[Job]:
    """Submit once: every try carries the same key, so of several one at most makes a job."""
    headers = {"idempotency-key": idempotency_key or f"py-{uuid.uuid4()}"}
    if wait is not None:
        headers["prefer"] = f"wait={min(wait, LONGEST_WAIT)}"
    references = yield from referenced(patience, images)
    call = _submission(_body(prompt, model, references, fields), headers)
    return (yield from read(call, patience, Job.read))


def rehearsed(
    patience: Patience, prompt: str, *, model: str, images: Sequence[Source], fields: JobFields
) -> Flow[Rehearsal]:
    references = yield from referenced(patience, images)
    body = _body(prompt, model, references, fields) | {"dry_run": True}
    return (yield from read(_submission(body, {}), patience, Rehearsal.read))


def got(patience: Patience, job_id: str, *, wait: int = 0) -> Flow[Job]:
    query = {"wait": str(min(wait, LONGEST_WAIT))} if wait else {}
    call = Call(method="GET", path=_path(job_id), query=query, is_repeatable=True)
    return (yield from read(call, patience, Job.read))


def listed(patience: Patience, *, limit: int | None, wanted: JobFilter) -> Flow[None]:
    """Give jobs, newest first, page after page: one may be short and yet not the last."""
    query = {name: str(value) for name, value in wanted.items() if value is not None}
    left = limit
    while left is None or left > 0:
        query["limit"] = str(_LARGEST_PAGE if left is None else min(left, _LARGEST_PAGE))
        call = Call(method="GET", path="/v1/jobs", query=query, is_repeatable=True)
        jobs, cursor = yield from read(call, patience, _page)
        for job in jobs:
            yield Give(item=job)
        left = None if left is None else left - len(jobs)
        if not cursor:
            return
        query = query | {"cursor": cursor}


def watched(patience: Patience, job_id: str, *, timeout: float | None) -> Flow[None]:
    """Give the job as it is, and again each time it has moved. Raises StillRunning."""
    began = yield from now()
    job = yield from got(patience, job_id)
    yield Give(item=job)
    while not job.is_over:
        asked = yield from now()
        left = math.inf if timeout is None else timeout - (asked - began)
        if left <= 0:
            raise StillRunning(f"{job.id} is still {job.status}", job=job)
        wait = max(1, math.ceil(min(left, LONGEST_WAIT)))
        before, job = job, (yield from got(patience, job_id, wait=wait))
        if job.version != before.version:
            yield Give(item=job)
        elif (yield from now()) - asked < _HELD_BACK_SECONDS:
            yield from paused(_HELD_BACK_SECONDS)


def cancelled(patience: Patience, job_id: str) -> Flow[Job]:
    call = Call(method="POST", path=f"{_path(job_id)}/cancel")
    return (yield from read(call, patience, Job.read))


def retried(patience: Patience, job_id: str) -> Flow[Job]:
    call = Call(method="POST", path=f"{_path(job_id)}/retry")
    return (yield from read(call, patience, Job.read))


def deleted(patience: Patience, job_id: str) -> Flow[None]:
    yield from document(Call(method="DELETE", path=_path(job_id)), patience)


def _submission(body: Mapping[str, Any], headers: Mapping[str, str]) -> Call:
    return Call(
        method="POST",
        path="/v1/jobs",
        headers={"content-type": "application/json", **headers},
        content=json.dumps(body).encode(),
        is_repeatable=True,
    )


def _body(prompt: str, model: str, images: Sequence[str], fields: JobFields) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None}
    return {
        "model": model,
        "prompt": prompt,
        **({"images": list(images)} if images else {}),
        **given,
    }


def _page(content: Mapping[str, Any]) -> tuple[list[Job], str | None]:
    return [Job.read(raw) for raw in content["data"]], content.get("cursor")


def _path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"
