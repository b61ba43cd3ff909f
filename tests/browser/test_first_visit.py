"""The whole first visit: a key, a job with a reference, its price, its pictures, and its end."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import FilePayload, Page, expect

from local.stack import Stack
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor, job_of
from tests.e2e.api import Api
from tests.pictures import a_png

pytestmark = pytest.mark.engine

SKETCH: FilePayload = {
    "name": "sketch.png",
    "mimeType": "image/png",
    "buffer": a_png(64, 64),
}


def enter(visitor: Visitor, key: str) -> None:
    visitor.page.get_by_label("API key").fill(key)
    visitor.page.get_by_role("button", name="Open").click()


def shows_pictures(page: Page, count: int) -> None:
    """Pictures are there when the browser has decoded them."""
    images = page.locator("figure img")
    expect(images).to_have_count(count)
    for image in images.all():
        expect(image).to_have_js_property("naturalWidth", 2048)


def downloaded(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").first.click()
    return Path(download.value.path()).read_bytes()


def spoil(stack: Stack, *faults: dict[str, Any]) -> None:
    answer = httpx.put(f"{stack.sandbox_url}/faults", json={"apixo": list(faults)}, trust_env=False)
    assert answer.status_code == 200, answer.text


def test_a_first_visit_from_the_key_to_the_end(visit: Visit, stack: Stack, api: Api) -> None:
    with visit(key=None, viewport={"width": 1280, "height": 1000}) as visitor:
        page = visitor.page
        visitor.open()
        enter(visitor, stack.api_key)
        page.get_by_role("link", name="New job").click()

        page.get_by_label("Prompt", exact=True).fill("the sketch as a watercolour, morning light")
        page.get_by_label("Drop or paste images here").set_input_files(files=[SKETCH])
        expect(page.get_by_alt_text("Reference 1")).to_be_visible()
        page.get_by_label("Provider").select_option("apixo")
        page.get_by_label("Images", exact=True).fill("2")
        page.get_by_label("Resolution").select_option("2K")
        expect(page.locator(".price")).to_contain_text("$0.07 for 2 images")
        visitor.photograph("new")

        page.get_by_role("button", name="Make it").click()
        expect(page.locator(".outcome .state")).to_have_text("Done")
        shows_pictures(page, 2)

        page.get_by_role("link", name="Open the job").click()
        expect(page.locator(".heading .state")).to_have_text("Done")
        shows_pictures(page, 2)
        job = api.job(job_of(page))
        assert job["input"]["images"][0].startswith("upload:")
        assert sha256(downloaded(page)).hexdigest() == job["images"][0]["sha256"]

        page.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Keep").click()
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
        assert api.get(f"/v1/jobs/{job['id']}").status_code == 404


def test_a_failed_job_is_told_in_words_and_retried(visit: Visit, stack: Stack, api: Api) -> None:
    spoil(stack, {"fault": "task-refused", "times": 1})
    job = api.finished(api.submit(prompt="a fox that fails once", provider="apixo")["id"])
    assert job["status"] == "failed"

    with visit() as visitor:
        page = visitor.page
        visitor.open(f"#/jobs/{job['id']}")
        expect(page.get_by_role("alert")).to_contain_text("The request is at fault.")
        expect(page.get_by_role("alert")).to_contain_text("Word the prompt differently")

        page.get_by_role("button", name="Retry").click()

        expect(page.locator(".heading .state")).to_have_text("Done")
        shows_pictures(page, 1)
        expect(page.locator(".attempt")).to_have_count(2)
        expect(page.get_by_role("button", name="Retry")).to_have_count(0)


def test_an_open_job_is_called_off(visit: Visit, stack: Stack, api: Api) -> None:
    spoil(stack, {"fault": "task-pending", "times": 1})
    job = api.submit(prompt="a fox that never comes", provider="apixo")

    with visit() as visitor:
        visitor.open(f"#/jobs/{job['id']}")
        visitor.page.get_by_role("button", name="Cancel").click()

        expect(visitor.page.locator(".heading .state")).to_have_text("Cancelled")


def test_what_is_wrong_with_a_request_is_told_at_the_field(visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.open("#/new")
        page.get_by_label("Prompt", exact=True).fill("a fox")
        page.get_by_text("More choices").click()
        page.get_by_label("Size").fill("16x16")

        expect(page.locator(".price").get_by_role("alert")).to_contain_text("/size")
        expect(page.get_by_label("Size")).to_have_attribute("aria-invalid", "true")
        visitor.forgive(422)


def test_a_wrong_key_is_refused_in_words(visit: Visit) -> None:
    with visit(key=None) as visitor:
        visitor.open()
        enter(visitor, "sk_wrong")

        expect(visitor.page.get_by_role("alert")).to_contain_text("Enter another key")
        visitor.forgive(401)


@pytest.mark.parametrize("remember", [False, True])
def test_a_key_outlives_the_tab_only_when_asked_to(
    visit: Visit, stack: Stack, *, remember: bool
) -> None:
    with visit(key=None) as visitor:
        visitor.open()
        visitor.page.get_by_label("Remember it on this device").set_checked(remember)
        enter(visitor, stack.api_key)
        expect(visitor.page.get_by_role("heading", name="Jobs")).to_be_visible()

        another_tab = visitor.page.context.new_page()
        another_tab.goto(visitor.url)

        door = "Your image desk"
        expect(another_tab.locator("h1")).to_have_text("Jobs" if remember else door)
        visitor.page.get_by_role("button", name="Forget key").click()
        expect(visitor.page.locator("h1")).to_have_text(door)
        assert visitor.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_without_a_network_the_page_says_so_and_keeps_what_was_typed(visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.open("#/new")
        page.get_by_label("Prompt", exact=True).fill("a fox")
        expect(page.locator(".price")).to_contain_text("$0.035")
        page.context.set_offline(True)

        page.get_by_role("button", name="Make it").click()

        expect(page.locator(".price").get_by_role("alert")).to_contain_text(
            "no answer came", ignore_case=True
        )
        expect(page.get_by_label("Prompt", exact=True)).to_have_value("a fox")
        visitor.troubles = [one for one in visitor.troubles if "ERR_INTERNET" not in one]
