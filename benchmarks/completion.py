"""How soon a finished Oxen generation is noticed, and what the watch asks for that.

The time is from the moment at which the sandbox's ledger says that the generation was finished to
the job's `storing`: its result is known, and is being fetched. By event stream it may be 1 second,
by polling 4. Then, with 100 jobs open that never finish, the lists that the sandbox was asked for
are counted: at most one in each polling interval, however many jobs are open.
"""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final

import httpx

from local.stack import Stack, StackOptions, running_stack
from shared.catalog.load import load_catalog

JOBS: Final = 10
OPEN_JOBS: Final = 100
LATENCY: Final = 0.05
# Polling first: a stream that is open for one job tells of the others too.
BARS: Final = {"poll": 4.0, "stream": 1.0}
_INTERVAL: Final = load_catalog().offer("seedream-4.5", "oxen").pacing.interval
_INTERVALS: Final = 15
_AT_ONCE: Final = 4
_TERMINAL: Final = frozenset({"succeeded", "partial", "failed", "cancelled", "expired"})


def submit(api: httpx.Client, delivery: str) -> str:
    body = {
        "model": "seedream-4.5",
        "provider": "oxen",
        "delivery": delivery,
        "prompt": "a fox",
        "size": "2K",
    }
    return str(api.post("/v1/jobs", json=body).raise_for_status().json()["id"])


def finished(api: httpx.Client, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = {"status": "queued"}
    while job["status"] not in _TERMINAL:
        job = api.get(f"/v1/jobs/{job_id}?wait=25").raise_for_status().json()
    if job["status"] != "succeeded":
        raise SystemExit(f"{job_id} {job['status']}: {job['error']}")
    return job


def ledger_of(stack: Stack) -> dict[str, datetime]:
    """Return when each generation was finished, as the sandbox knows it."""
    rows = httpx.get(f"{stack.sandbox_url}/ledger", trust_env=False).json()["oxen"]
    return {row["task_id"]: datetime.fromisoformat(row["finished_at"]) for row in rows}


def noticed_after(stack: Stack, jobs: list[dict[str, Any]]) -> Iterator[float]:
    ends = ledger_of(stack)
    for job in jobs:
        (task_id,) = job["attempts"][0]["task_ids"]
        storing = next(entry["at"] for entry in job["timeline"] if entry["status"] == "storing")
        yield (datetime.fromisoformat(storing) - ends[task_id]).total_seconds()


def completion(stack: Stack, api: httpx.Client, delivery: str) -> list[float]:
    """One job after the other: each is noticed alone, the first one warms everything up."""
    jobs = [finished(api, submit(api, delivery)) for _ in range(JOBS + 1)]
    return list(noticed_after(stack, jobs[1:]))


def lists_per_interval(stack: Stack, api: httpx.Client) -> float:
    """Count by a fault that delays each list by nothing: the sandbox tells how often it struck."""
    counter = {"fault": "list-delayed", "seconds": 0}
    plan = {"oxen": [{"fault": "task-pending"}, counter]}
    sandbox = f"{stack.sandbox_url}/faults"
    httpx.put(sandbox, json=plan, trust_env=False).raise_for_status()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda _: submit(api, "poll"), range(OPEN_JOBS)))
    time.sleep(2 * _INTERVAL)
    before = _struck(sandbox)
    time.sleep(_INTERVALS * _INTERVAL)
    return (_struck(sandbox) - before) / _INTERVALS


def _struck(sandbox: str) -> int:
    counted: int = httpx.get(sandbox, trust_env=False).json()["struck"]["oxen"]["list-delayed"]
    return counted


def main() -> None:
    with running_stack(StackOptions(port=0, latency=LATENCY, environ={})) as stack:
        headers = {"authorization": f"Bearer {stack.api_key}"}
        with httpx.Client(
            base_url=stack.api_url, headers=headers, timeout=60, trust_env=False
        ) as api:
            print("| delivery | median s | slowest s | at most s |")
            print("|----------|---------:|----------:|----------:|")
            for delivery, bar in BARS.items():
                seconds = completion(stack, api, delivery)
                median, slowest = statistics.median(seconds), max(seconds)
                print(f"| {delivery:<8} | {median:8.3f} | {slowest:9.3f} | {bar:9.1f} |")
            lists = lists_per_interval(stack, api)
    print(f"{OPEN_JOBS} jobs open: {lists:.2f} lists each {_INTERVAL:g} s; at most 1")


if __name__ == "__main__":
    main()
