"""One stack and one browser for all; a fresh visitor for each test."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.stack import Stack, StackOptions, running_stack
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.visitor import Visitor, visiting
from tests.e2e.api import Api
from tests.e2e.receiver import Receiver, receiving

type Visit = Callable[..., AbstractContextManager[Visitor]]

PROMPTS = (
    "a fox in watercolour, morning light",
    "a lighthouse in fog, ink drawing",
    "a ceramic mug on linen, product photo",
    "a heron at dawn over still water",
    "a reading room full of plants, isometric",
    "an old sailor, oil on canvas",
    "paper lanterns at night",
    "moss on stone, macro",
)
HOSTILE = "<img src=x onerror=document.title='taken'><script>alert(1)</script> & \"quoted\""


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def stack(receiver: Receiver) -> Iterator[Stack]:
    options = StackOptions(
        port=0, latency=0, strict=True, environ={}, allow_loopback=(receiver.place,)
    )
    with running_stack(options) as stack:
        yield stack


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def api(stack: Stack) -> Iterator[Api]:
    with Api(base_url=stack.api_url, key=stack.api_key) as api:
        yield api


@pytest.fixture(scope="session")
def jobs(stack: Stack) -> list[dict[str, Any]]:
    """Return jobs of many kinds, all over; of the last two, one is refused, one speaks HTML."""
    providers = ("apixo", "oxen", "aimlapi")
    with Api(base_url=stack.api_url, key=stack.api_key) as api:
        odd = [
            api.submit(prompt="[refuse]", provider="apixo", tags=["refused"]),
            api.submit(prompt=HOSTILE, provider="apixo", metadata={"<b>": "<i>x</i>"}),
        ]
        sent = [
            api.submit(
                prompt=prompt, provider=providers[n % 3], n=1 + n % 2, tags=["study", f"t{n}"]
            )
            for n, prompt in enumerate(PROMPTS)
        ]
        return [api.finished(job["id"]) for job in (*sent, *odd)]


@pytest.fixture
def visit(browser: Browser, stack: Stack) -> Visit:
    return partial(visiting, browser, stack.api_url, key=stack.api_key)
