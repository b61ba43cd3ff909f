"""How long a job takes on the local stack, from POST to `succeeded`, at zero simulated latency.

Beside it the floor: one warm request through proxy, engine and function, in the same run. Every
job needs at least four such steps (submit, callback or list, collect, read).
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from local.stack import StackOptions, running_stack

JOBS: Final = 15
_PAUSE_SECONDS: Final = 0.02
_TERMINAL: Final = frozenset({"succeeded", "partial", "failed", "cancelled", "expired"})


def run_job(api: httpx.Client, provider: str) -> None:
    body = {"model": "seedream-4.5", "provider": provider, "prompt": "a fox", "size": "2K"}
    url = api.post("/v1/jobs", json=body).raise_for_status().json()["urls"]["self"]
    while True:
        job: dict[str, Any] = api.get(url).json()
        if job["status"] in _TERMINAL:
            break
        time.sleep(_PAUSE_SECONDS)
    if job["status"] != "succeeded":
        raise SystemExit(f"{job['id']} {job['status']}: {job['error']}")


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(api: httpx.Client) -> dict[str, list[float]]:
    for provider in ("apixo", "oxen"):  # cold starts are another question
        run_job(api, provider)
    return {
        "floor: one warm request": [seconds(lambda: api.get("/v1/health")) for _ in range(JOBS)],
        "apixo, callback": [seconds(lambda: run_job(api, "apixo")) for _ in range(JOBS)],
        "oxen, queue": [seconds(lambda: run_job(api, "oxen")) for _ in range(JOBS)],
    }


def main() -> None:
    with running_stack(StackOptions(port=0, latency=0, environ={})) as stack:
        headers = {"authorization": f"Bearer {stack.api_key}"}
        with httpx.Client(
            base_url=stack.api_url, headers=headers, timeout=60, trust_env=False
        ) as api:
            figures = measure(api)
    floor = statistics.median(figures["floor: one warm request"])
    print(f"| {'what':<24} | median s | slowest s | times the floor |")
    print(f"|{'-' * 26}|---------:|----------:|----------------:|")
    for name, values in figures.items():
        median = statistics.median(values)
        print(f"| {name:<24} | {median:8.3f} | {max(values):9.3f} | {median / floor:15.1f} |")


if __name__ == "__main__":
    main()
