"""Somebody in front of the console, and everything their browser noticed."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tests.patience import PATIENCE_SECONDS

PATIENCE: Final = PATIENCE_SECONDS * 1000  # ms
_IMAGES: Final = Path("docs/images")
_GRAVE: Final = {"serious", "critical"}

expect.set_options(timeout=PATIENCE)


@dataclass(kw_only=True)
class Visitor:
    page: Page
    url: str
    troubles: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def open(self, place: str = "") -> None:
        self.page.goto(f"{self.url}/{place}")
        expect(self.page.locator("h1")).to_be_visible()

    def go(self, screen: str) -> None:
        self.page.get_by_role("navigation", name="Screens").get_by_role("link", name=screen).click()
        expect(self.page.get_by_role("link", name=screen, exact=True)).to_have_attribute(
            "aria-current", "page"
        )
        expect(self.page.locator("h1")).to_be_visible()

    def forgive(self, status: int) -> None:
        """The browser logs every refused request; this one was meant to be refused."""
        self.troubles = [one for one in self.troubles if f"status of {status}" not in one]

    def barriers(self) -> list[str]:
        """Return what keeps people out, as axe sees it, grave findings alone."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            if one["impact"] in _GRAVE
            for node in one["nodes"]
        ]

    def is_wider_than_the_screen(self) -> bool:
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(wide))

    def photograph(self, name: str) -> None:
        """Keep a picture for the documents, in the runs that are to make them.

        A gallery sits for it until every image has its preview.
        """
        if os.environ.get("SEEDHOOK_SCREENSHOTS") == "1":
            _IMAGES.mkdir(exist_ok=True)
            expect(self.page.locator(".blank").filter(has_text="image")).to_have_count(0)
            shot = Image.open(BytesIO(self.page.screenshot(animations="disabled"))).convert("RGB")
            # A palette makes it half as large, and nobody sees it.
            small = shot.quantize(
                palette=shot.quantize(256, kmeans=3), dither=Image.Dither.FLOYDSTEINBERG
            )
            small.save(_IMAGES / f"{name}.png", optimize=True)

    def notice(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.troubles.append(message.text)


@contextmanager
def visiting(browser: Browser, url: str, *, key: str | None, **settings: Any) -> Iterator[Visitor]:
    """Let somebody in, with a key in the tab's pocket or without. Nothing may trouble them."""
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    if key:
        context.add_init_script(f"sessionStorage.setItem('seedhook-key', '{key}')")
    page = context.new_page()
    visitor = Visitor(page=page, url=url)
    # Playwright hangs a mark on a listener: a built-in method takes none, a lambda does.
    page.on("console", lambda message: visitor.notice(message))  # noqa: PLW0108  as above
    page.on("pageerror", lambda error: visitor.troubles.append(str(error)))
    page.on("request", lambda request: visitor.requests.append(request))  # noqa: PLW0108  as above
    try:
        yield visitor
    finally:
        context.close()
    assert not visitor.troubles, visitor.troubles


def job_of(page: Page) -> str:
    """Return the id of the job whose page is shown."""
    found = re.search(r"#/jobs/(job_\w+)", page.url)
    assert found, page.url
    return found[1]
