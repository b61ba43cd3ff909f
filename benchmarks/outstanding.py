"""How long the watch takes to settle many jobs that finish while nobody calls back.

All jobs go to Oxen's queue, which has no callbacks. The sandbox draws each picture, on the same two
cores, and that takes longer than anything else: so the clock that counts starts when the last
picture is drawn. The floor is the same number of single writes and reads of an image by one
client, one after the other: what storing alone costs on this engine.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import boto3
import httpx

from local.stack import Stack, StackOptions, running_stack

_AT_ONCE: Final = 8
_PAUSE_SECONDS: Final = 0.5
_TERMINAL: Final = frozenset({"succeeded", "partial", "failed", "cancelled", "expired"})
_LIMIT_SECONDS: Final = 300


def submit(api: httpx.Client, number: int) -> str:
    body = {"model": "seedream-4.5", "provider": "oxen", "prompt": f"job {number}", "size": "2K"}
    return str(api.post("/v1/jobs", json=body).raise_for_status().json()["id"])


def unsettled(api: httpx.Client, ids: list[str]) -> list[str]:
    return [job for job in ids if api.get(f"/v1/jobs/{job}").json()["status"] not in _TERMINAL]


def await_pictures(stack: Stack, count: int) -> None:
    """Wait until the sandbox has finished what it was asked for."""
    for _ in range(_LIMIT_SECONDS):
        rows = httpx.get(f"{stack.sandbox_url}/ledger", trust_env=False).json()["oxen"]
        if sum(row["state"] == "succeeded" for row in rows) >= count:
            return
        time.sleep(_PAUSE_SECONDS)
    raise SystemExit("the sandbox does not come to an end")


def settle(api: httpx.Client, ids: list[str]) -> float:
    """Return the seconds until the last of the jobs is settled."""
    started = time.monotonic()
    waiting = unsettled(api, ids)
    print(f"{len(waiting)} of them are outstanding when the last picture is drawn")
    while waiting and time.monotonic() < started + _LIMIT_SECONDS:
        time.sleep(_PAUSE_SECONDS)
        # The newest are the last to be done: while one of them is open, the rest is not asked for.
        waiting = (unsettled(api, waiting[-5:]) and waiting) or unsettled(api, waiting)
    if waiting:
        raise SystemExit(f"{len(waiting)} jobs are still open")
    return time.monotonic() - started


def floor(stack: Stack, count: int) -> float:
    s3 = boto3.client(
        "s3",
        endpoint_url=stack.aws_endpoint_url,
        region_name=stack.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  # the engine's own
    )
    started, content = time.monotonic(), bytes(200_000)
    for number in range(count):
        s3.put_object(Bucket=stack.media_bucket, Key=f"floor/{number}", Body=content)
        s3.get_object(Bucket=stack.media_bucket, Key=f"floor/{number}")["Body"].read()
    return time.monotonic() - started


def main(count: int) -> None:
    with running_stack(StackOptions(port=0, latency=1, environ={})) as stack:
        headers = {"authorization": f"Bearer {stack.api_key}"}
        with httpx.Client(
            base_url=stack.api_url, headers=headers, timeout=60, trust_env=False
        ) as api:
            started = time.monotonic()
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                ids = list(pool.map(lambda number: submit(api, number), range(count)))
            submitted = time.monotonic() - started
            await_pictures(stack, count)
            drawn = time.monotonic() - started
            settled = settle(api, ids)
        print(
            f"{count} jobs: submitted in {submitted:.1f} s, drawn after {drawn:.1f} s, "
            f"the last settled {settled:.1f} s later"
        )
        base = floor(stack, count)
        print(f"floor, {count} plain writes and reads: {base:.1f} s; ratio {settled / base:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
