"""The faults of a chaos run: every kind that a job gets over in a finite time.

Left out: `task-pending` and `task-unreadable`, which never end, and the faults of Oxen's event
stream, which nothing here listens to.
"""

from typing import Any, Final

type Line = dict[str, Any]

_SHARED: Final[tuple[Line, ...]] = (
    {"fault": "submit-dropped", "rate": 0.02},
    {"fault": "submit-error", "rate": 0.02, "status": 502},
    {"fault": "submit-html", "rate": 0.01},
    {"fault": "submit-empty", "rate": 0.01},
    {"fault": "submit-rate-limited", "rate": 0.06, "retry_after": 1},
    {"fault": "submit-key-revoked", "rate": 0.01},
    {"fault": "submit-credits-gone", "rate": 0.01},
    {"fault": "answer-dropped", "rate": 0.04},
    {"fault": "answer-error", "rate": 0.04, "status": 504},
    {"fault": "answer-html", "rate": 0.02},
    {"fault": "answer-empty", "rate": 0.02},
    {"fault": "answer-delayed", "rate": 0.01, "seconds": 9},
    {"fault": "answer-status", "rate": 0.05, "status": 202},
    {"fault": "status-dropped", "rate": 0.02},
    {"fault": "status-error", "rate": 0.02, "status": 503},
    {"fault": "status-html", "rate": 0.02},
    {"fault": "status-empty", "rate": 0.02},
    {"fault": "status-delayed", "rate": 0.005, "seconds": 11},
    {"fault": "status-rate-limited", "rate": 0.02, "retry_after": 1},
    {"fault": "status-key-revoked", "rate": 0.01},
    {"fault": "status-not-found", "rate": 0.02},
    {"fault": "task-refused", "rate": 0.02},
    {"fault": "task-slow", "rate": 0.04, "factor": 10},
    {"fault": "task-empty", "rate": 0.02},
    {"fault": "task-failed", "rate": 0.02},
    {"fault": "task-credits-gone", "rate": 0.01},
    {"fault": "result-not-found", "rate": 0.04},
    {"fault": "result-expired", "rate": 0.04, "fetches": 2},
    {"fault": "result-truncated", "rate": 0.03},
    {"fault": "result-cut", "rate": 0.02},
    {"fault": "result-html", "rate": 0.02},
    {"fault": "result-empty", "rate": 0.01},
    {"fault": "result-drip", "rate": 0.02, "bytes_per_second": 30_000},
    {"fault": "result-endless", "rate": 0.005},
    {"fault": "result-wrong-type", "rate": 0.02},
    {"fault": "result-gzip", "rate": 0.01},
    {"fault": "result-redirect", "rate": 0.02, "to": "good"},
    {"fault": "result-redirect", "rate": 0.01, "to": "private"},
    {"fault": "result-redirect", "rate": 0.01, "to": "loop"},
)
_APIXO: Final[tuple[Line, ...]] = (
    {"fault": "submit-code", "rate": 0.01},
    {"fault": "answer-code", "rate": 0.03},
    {"fault": "answer-after-callback", "rate": 0.05, "seconds": 4},
    {"fault": "task-partial", "rate": 0.04, "images": 1},
    {"fault": "callback-delayed", "rate": 0.1, "seconds": 4},
    {"fault": "callback-duplicated", "rate": 0.15, "copies": 2},
    {"fault": "callback-overtaken", "rate": 0.05, "seconds": 5},
    {"fault": "callback-stale", "rate": 0.05},
    {"fault": "callback-forged-token", "rate": 0.05},
    {"fault": "callback-wrong-task", "rate": 0.05},
    {"fault": "callback-forged-results", "rate": 0.05},
    {"fault": "callback-forged-failure", "rate": 0.05},
)
_OXEN: Final[tuple[Line, ...]] = (
    {"fault": "submit-no-generations", "rate": 0.01},
    {"fault": "list-dropped", "rate": 0.03},
    {"fault": "list-error", "rate": 0.03, "status": 502},
    {"fault": "list-html", "rate": 0.02},
    {"fault": "list-empty", "rate": 0.02},
    {"fault": "list-delayed", "rate": 0.005, "seconds": 11},
    {"fault": "list-rate-limited", "rate": 0.02, "retry_after": 1},
    {"fault": "list-key-revoked", "rate": 0.01},
    {"fault": "list-not-found", "rate": 0.02},
    {"fault": "list-lacking", "rate": 0.05, "ids": 1},
)
# What it costs is the two minutes after which a task with a callback is asked about.
_LOST_CALLBACKS: Final[tuple[Line, ...]] = ({"fault": "callback-dropped", "rate": 0.15},)


def plan(seed: int, *, patient: bool) -> dict[str, Any]:
    """Return what the sandbox's --chaos takes. Without patience every callback comes."""
    lost = _LOST_CALLBACKS if patient else ()
    return {
        "seed": seed,
        "apixo": [*_SHARED, *_APIXO, *lost],
        "oxen": [*_SHARED, *_OXEN],
    }
