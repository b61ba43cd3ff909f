"""The report of a batch: a line for each line of its file, in the same order."""

import json
from collections.abc import Callable
from typing import Any

from shared.domain.batch import Batch, Stop
from shared.domain.batch_lines import Line
from shared.domain.errors import InvalidRequest
from shared.domain.job import Job
from shared.domain.public import job_summary

type Reason = Callable[[Line], InvalidRequest | None]


def report_of(batch: Batch, line: Line, job: Job | None, reason: Reason) -> bytes:
    row: dict[str, Any] = {"line": line.number, "custom_id": line.custom_id}
    row |= {"job": job_summary(job)} if job else {"error": _why(batch, line, reason)}
    return json.dumps(row).encode() + b"\n"


def _why(batch: Batch, line: Line, reason: Reason) -> dict[str, Any]:
    if batch.stopped_at is not None and line.number >= batch.stopped_at:
        return {"code": batch.stopped_by, "message": f"left out: {_too_little(batch)}"}
    error = reason(line)
    if error is None:
        return {"code": "gone", "message": "its job was deleted, or its API key revoked"}
    return {
        "code": "invalid_request",
        "errors": [
            {"pointer": one.pointer, "code": one.code, "message": one.message}
            for one in error.errors
        ],
    }


def _too_little(batch: Batch) -> str:
    if batch.stopped_by is Stop.MAX_USD:
        return f"max_usd is {batch.max_usd}"
    return "the budget of its API key is spent"
