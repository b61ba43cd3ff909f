"""The gallery: live, endless, light, and never a loader of originals."""

import base64
import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from local.stack import Stack
from tests.browser.conftest import HOSTILE, Visit
from tests.e2e.api import Api
from tests.pictures import a_png

pytestmark = pytest.mark.engine

MOST_BYTES = 150_000
PREVIEW = "data:image/png;base64," + base64.b64encode(a_png()).decode()


def tiles(page: Page) -> Any:
    return page.get_by_role("list", name="Jobs, newest first").get_by_role("listitem")


def test_every_job_has_a_tile_that_tells_state_model_provider_and_cost(
    visit: Visit, jobs: list[dict[str, Any]]
) -> None:
    with visit(viewport={"width": 1280, "height": 900}) as visitor:
        visitor.open()
        fox = tiles(visitor.page).filter(has_text=jobs[0]["input"]["prompt"])

        expect(fox).to_contain_text("Done")
        expect(fox).to_contain_text("seedream-4.5 · APIXO · $0.035")
        visitor.photograph("jobs")


def test_originals_are_never_loaded(visit: Visit, jobs: list[dict[str, Any]]) -> None:
    originals = {image["key"] for job in jobs for image in job["images"]}
    with visit(viewport={"width": 1280, "height": 4000}) as visitor:
        visitor.open()
        expect(tiles(visitor.page).filter(has_text=jobs[0]["input"]["prompt"])).to_be_visible()
        visitor.page.wait_for_load_state("networkidle")

        paths = [unquote(urlsplit(one.url).path) for one in visitor.requests]

    assert originals
    assert [path for path in paths if any(path.endswith(key) for key in originals)] == []


def test_a_preview_is_shown_else_the_placeholder(visit: Visit, jobs: list[dict[str, Any]]) -> None:
    assert jobs

    def dress(route: Route) -> None:
        answer = route.fetch()
        page = answer.json()
        first, second = [job for job in page["data"] if job["images"]][:2]
        first["images"][0] |= {
            "preview_url": f"{visitor.url}/console/icon.svg",
            "placeholder": PREVIEW,
        }
        second["images"][0] |= {"preview_url": None, "placeholder": PREVIEW}
        route.fulfill(response=answer, body=json.dumps(page))

    with visit() as visitor:
        visitor.page.route("**/v1/jobs?*", dress)
        visitor.open()

        preview = visitor.page.locator(".gallery .picture img").first
        expect(preview).to_have_js_property("complete", value=True)
        expect(preview).to_be_visible()
        painted = visitor.page.locator(".picture[style*='data:image/png']")
        assert painted.count() >= 2


def test_a_job_that_is_made_elsewhere_appears_and_moves_by_itself(visit: Visit, api: Api) -> None:
    with visit() as visitor:
        visitor.open()
        api.submit(prompt="a fox from elsewhere", provider="apixo")

        fox = tiles(visitor.page).filter(has_text="a fox from elsewhere")
        expect(fox).to_be_visible()
        expect(fox).to_contain_text("Done")
        expect(visitor.page.get_by_role("status")).to_contain_text("a fox from elsewhere: ")


def test_a_job_that_is_deleted_elsewhere_goes(visit: Visit, api: Api) -> None:
    job = api.finished(api.submit(prompt="a fox that leaves", provider="apixo")["id"])
    with visit() as visitor:
        visitor.open()
        fox = tiles(visitor.page).filter(has_text="a fox that leaves")
        expect(fox).to_be_visible()

        api.delete(f"/v1/jobs/{job['id']}").raise_for_status()

        expect(fox).to_have_count(0)


def test_filters_narrow_the_list_and_stay_in_the_address(
    visit: Visit, jobs: list[dict[str, Any]]
) -> None:
    refused = jobs[-2]
    with visit() as visitor:
        page = visitor.page
        visitor.open()
        page.get_by_label("State").select_option("failed")
        page.get_by_label("Tag").fill("refused")
        page.get_by_label("Tag").press("Tab")

        expect(tiles(page)).to_have_count(1)
        expect(tiles(page)).to_contain_text(refused["input"]["prompt"])
        page.reload()
        expect(tiles(page)).to_have_count(1)
        expect(page.get_by_label("State")).to_have_value("failed")


def test_the_list_goes_on_to_its_end_by_cursors(visit: Visit, jobs: list[dict[str, Any]]) -> None:
    def shorten(route: Route) -> None:
        route.continue_(url=route.request.url.replace("limit=24", "limit=3"))

    with visit(viewport={"width": 900, "height": 700}) as visitor:
        visitor.page.route("**/v1/jobs?*", shorten)
        visitor.open("#/jobs?tag=study")
        expect(tiles(visitor.page).nth(5)).to_be_visible()
        visitor.page.mouse.wheel(0, 10_000)

        expect(tiles(visitor.page).filter(has_text=jobs[0]["input"]["prompt"])).to_be_visible()
        expect(visitor.page.get_by_role("button", name="Show more")).to_be_hidden()


def test_untrusted_text_stays_text(visit: Visit, jobs: list[dict[str, Any]]) -> None:
    with visit() as visitor:
        visitor.open()
        tiles(visitor.page).filter(has_text="onerror").get_by_role("link").click()

        expect(visitor.page.locator("h1")).to_have_text(HOSTILE)
        expect(visitor.page.get_by_text("<i>x</i>", exact=True)).to_be_visible()
        assert jobs[-1]["input"]["prompt"] == HOSTILE
        assert visitor.page.title() == f"{HOSTILE} · Seedhook"
        expect(visitor.page.locator("main script, main [onerror]")).to_have_count(0)


def test_the_first_screen_takes_little(visit: Visit, jobs: list[dict[str, Any]]) -> None:
    """All that comes over the line, headers included, but for pictures."""
    received: list[float] = []
    with visit() as visitor:
        session = visitor.page.context.new_cdp_session(visitor.page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
        visitor.open()
        expect(tiles(visitor.page).filter(has_text=jobs[0]["input"]["prompt"])).to_be_visible()

    assert len(received) >= 8
    assert sum(received) <= MOST_BYTES


def test_what_the_browser_has_is_not_sent_again(visit: Visit, stack: Stack) -> None:
    statuses: dict[str, int] = {}
    with visit() as visitor:
        visitor.open()
        first = visitor.page.request.get(f"{stack.api_url}/console/main.js")
        again = visitor.page.request.get(
            f"{stack.api_url}/console/main.js", headers={"if-none-match": first.headers["etag"]}
        )
        statuses = {"first": first.status, "again": again.status}

    assert statuses == {"first": 200, "again": 304}
