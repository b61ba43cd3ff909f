"""How soon the console paints with 1,000 jobs stored.

First contentful paint is the browser's own figure, in a fresh profile each time; the bar is one
second. Its floor is the smallest page of the same server, `/v1/health`, opened in turn with it.
Until the first tile is there, a page of jobs has been asked for and answered besides.

The jobs are one real job and copies of its row, each under an id of its own.
"""

import json
import statistics
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

import boto3
import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from local.stack import Stack, StackOptions, running_stack
from tests.browser.chromium import ARGUMENTS, find_chromium

JOBS: Final = 1000
ROUNDS: Final = 10
BAR_MS: Final = 1000
_AT_ONCE: Final = 25
_OPEN: Final = frozenset({"queued", "submitting", "processing", "storing"})
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FIRST_PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def a_finished_job(stack: Stack) -> str:
    headers = {"authorization": f"Bearer {stack.api_key}"}
    body = {"model": "seedream-4.5", "prompt": "a fox in watercolour", "n": 2, "provider": "apixo"}
    with httpx.Client(base_url=stack.api_url, headers=headers, timeout=35, trust_env=False) as api:
        job = api.post("/v1/jobs", json=body).raise_for_status().json()
        while job["status"] in _OPEN:
            job = api.get(f"/v1/jobs/{job['id']}?wait=25").raise_for_status().json()
    return str(job["id"])


def copies(item: dict[str, Any], job_id: str) -> Iterator[dict[str, Any]]:
    """Give the row again and again under ids of the same moment."""
    text = json.dumps(item)
    for _ in range(JOBS - 1):
        end = "".join(_CROCKFORD[byte % 32] for byte in uuid.uuid4().bytes)
        yield json.loads(text.replace(job_id, job_id[:14] + end))


def store(stack: Stack, job_id: str) -> None:
    table: Any = boto3.client(
        "dynamodb",
        endpoint_url=stack.aws_endpoint_url,
        region_name=stack.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  # the embedded AWS takes any
    )
    key = {"pk": {"S": f"job#{job_id}"}, "sk": {"S": "job"}}
    rows = [*copies(table.get_item(TableName=stack.table, Key=key)["Item"], job_id)]
    for start in range(0, len(rows), _AT_ONCE):
        puts = [{"PutRequest": {"Item": row}} for row in rows[start : start + _AT_ONCE]]
        table.batch_write_item(RequestItems={stack.table: puts})


def opened[T](browser: Browser, url: str, key: str, measure: Callable[[Page], T]) -> T:
    context = browser.new_context()
    context.add_init_script(f"sessionStorage.setItem('seedhook-key', '{key}')")
    page = context.new_page()
    page.goto(url)
    measured = measure(page)
    context.close()
    return measured


def first_paint(page: Page) -> float:
    page.wait_for_function(_FIRST_PAINT)
    return float(page.evaluate(_FIRST_PAINT))


def paint_and_tile(page: Page) -> tuple[float, float]:
    page.wait_for_selector(".tile")
    return first_paint(page), float(page.evaluate("performance.now()"))


def main() -> None:
    with running_stack(StackOptions(port=0, latency=0, environ={})) as stack:
        store(stack, a_finished_job(stack))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
            floors, paints, tiles = [], [], []
            for _ in range(ROUNDS):
                health = f"{stack.api_url}/v1/health"
                floors.append(opened(browser, health, stack.api_key, first_paint))
                paint, tile = opened(browser, stack.console_url, stack.api_key, paint_and_tile)
                paints.append(paint)
                tiles.append(tile)
            browser.close()
    floor = statistics.median(floors)
    print(f"{JOBS} jobs stored, {ROUNDS} fresh browsers each; milliseconds")
    rows = {"floor: /v1/health": floors, "first paint": paints, "first tile": tiles}
    for name, times in rows.items():
        middle = statistics.median(times)
        ratio = middle / floor
        print(f"{name:<18} median {middle:6.0f}  most {max(times):6.0f}  {ratio:5.2f} floors")
    if statistics.median(paints) > BAR_MS:
        raise SystemExit(f"the first paint takes more than {BAR_MS} ms")


if __name__ == "__main__":
    main()
