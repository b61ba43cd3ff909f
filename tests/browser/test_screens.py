"""Each screen: open to everybody, on a phone, in the dark, by keyboard."""

from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect

from local.stack import Stack
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor
from tests.e2e.api import Api
from tests.e2e.keys import make_key
from tests.e2e.receiver import Receiver

pytestmark = pytest.mark.engine

SCREENS = ("jobs", "new", "batches", "deliveries", "usage", "keys", "providers")
PHONE = {"width": 360, "height": 740}
CSV = (
    b"prompt,model,provider\na fox by list,seedream-4.5,apixo\na heron by list,seedream-4.5,apixo\n"
)


def settle(visitor: Visitor, place: str) -> None:
    visitor.open(place)
    visitor.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_keeps_anybody_out(
    visit: Visit, jobs: list[dict[str, Any]], screen: str, scheme: str
) -> None:
    assert jobs
    with visit(viewport=PHONE, color_scheme=scheme) as visitor:
        settle(visitor, f"#/{screen}")

        assert visitor.barriers() == []
        assert not visitor.is_wider_than_the_screen()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_from_a_job(
    visit: Visit, jobs: list[dict[str, Any]], scheme: str
) -> None:
    for job in (jobs[1], jobs[-2]):
        with visit(viewport=PHONE, color_scheme=scheme) as visitor:
            settle(visitor, f"#/jobs/{job['id']}")
            visitor.page.get_by_text("Raw callbacks").click()
            visitor.page.get_by_text("Look at it").click()

            assert visitor.barriers() == []
            assert not visitor.is_wider_than_the_screen()


def test_nothing_keeps_anybody_from_the_door(visit: Visit) -> None:
    with visit(key=None, viewport=PHONE) as visitor:
        settle(visitor, "")

        assert visitor.barriers() == []


def test_the_phone_and_the_dark_are_as_good(visit: Visit, jobs: list[dict[str, Any]]) -> None:
    with visit(viewport=PHONE, device_scale_factor=2) as visitor:
        settle(visitor, "#/jobs?tag=study")
        visitor.photograph("phone")
    with visit(viewport={"width": 1280, "height": 900}, color_scheme="dark") as visitor:
        settle(visitor, f"#/jobs/{jobs[1]['id']}")
        expect(visitor.page.locator("figure img").first).to_have_js_property("complete", value=True)
        dark = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
        visitor.photograph("dark")
    with visit(viewport={"width": 1280, "height": 900}) as visitor:
        settle(visitor, f"#/jobs/{jobs[1]['id']}")
        light = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
        visitor.photograph("job")

    assert (light, dark) == ("rgb(250, 248, 244)", "rgb(22, 21, 19)")


def test_a_job_is_made_without_a_mouse(visit: Visit, stack: Stack) -> None:
    with visit(key=None) as visitor:
        page = visitor.page
        visitor.open()
        page.keyboard.type(stack.api_key)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Jobs")
        reach(visitor, "New job")
        page.keyboard.press("Enter")

        expect(page.locator("h1")).to_have_text("New job")
        expect(page.locator("h1")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.type("a fox without a mouse")
        reach(visitor, "Make it")
        page.keyboard.press("Enter")

        expect(page.locator(".outcome .state")).to_have_text("Done")


def reach(visitor: Visitor, name: str) -> None:
    """Press Tab until the focus is on what has this text, and can be seen there."""
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.locator(":focus")
        if focused.count() and focused.inner_text() == name:
            assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
            return
    raise AssertionError(f"{name} cannot be reached")


def test_the_skip_link_leads_past_the_head_of_the_page(visit: Visit) -> None:
    with visit() as visitor:
        visitor.open("#/providers")
        visitor.page.get_by_role("link", name="Skip to content").focus()
        visitor.page.keyboard.press("Enter")

        expect(visitor.page.locator("main")).to_be_focused()
        assert visitor.page.url.endswith("#/providers")


def test_a_job_tells_what_happened_and_what_the_provider_said(
    visit: Visit, jobs: list[dict[str, Any]]
) -> None:
    job = jobs[0]
    with visit(permissions=["clipboard-read", "clipboard-write"]) as visitor:
        page = visitor.page
        visitor.open(f"#/jobs/{job['id']}")

        steps = page.get_by_role("list").filter(has=page.locator(".attempt")).locator("> li")
        expect(steps).to_have_count(len(job["timeline"]) + len(job["attempts"]))
        expect(page.locator(".attempt")).to_contain_text(job["attempts"][0]["decision"])
        page.get_by_text("Raw callbacks").click()
        expect(page.locator(".callback pre").first).to_contain_text(
            job["attempts"][0]["task_ids"][0]
        )

        page.get_by_role("button", name="Copy as Python").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        compile(copied, "copied", "exec")
        assert "a fox in watercolour" in copied

        page.get_by_role("link", name="Newer").click()
        expect(page.locator("h1")).to_have_text(jobs[1]["input"]["prompt"])


def test_a_job_is_run_again_with_a_change(visit: Visit, jobs: list[dict[str, Any]]) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.open(f"#/jobs/{jobs[1]['id']}")
        page.get_by_role("link", name="Change and run again").click()

        expect(page.get_by_label("Prompt", exact=True)).to_have_value(jobs[1]["input"]["prompt"])
        expect(page.get_by_label("Images", exact=True)).to_have_value("2")
        expect(page.get_by_label("Provider")).to_have_value("oxen")


def test_the_form_changes_with_the_model_and_the_provider(visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.open("#/new")
        page.get_by_text("More choices").click()
        page.get_by_label("Provider").select_option("apixo")
        expect(page.get_by_label("Seed")).to_have_count(0)

        page.get_by_label("Provider").select_option("aimlapi")
        expect(page.get_by_label("Seed")).to_be_visible()

        page.get_by_label("Model").select_option("seedream-5-lite")
        expect(page.get_by_label("Provider").locator("option")).to_have_text(
            ["Automatic", "Oxen.ai"]
        )


def test_a_batch_is_started_from_a_file_and_followed_to_its_end(visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.open("#/batches")
        file: FilePayload = {"name": "list.csv", "mimeType": "text/csv", "buffer": CSV}
        page.get_by_label("File", exact=True).set_input_files(files=[file])
        page.get_by_role("button", name="Start").click()

        batch = page.get_by_role("list", name="Batches").get_by_role("listitem").first
        expect(batch).to_contain_text("2 of 2 lines: 2 succeeded")
        batch.get_by_role("link", name="Its jobs").click()
        expect(page.get_by_role("list", name="Jobs").get_by_role("listitem")).to_have_count(2)


def test_what_a_receiver_missed_is_sent_again(visit: Visit, api: Api, receiver: Receiver) -> None:
    hook = {"url": receiver.url("/shop"), "description": "the shop", "events": ["job.succeeded"]}
    api.post("/v1/webhooks", json=hook).raise_for_status()
    api.finished(api.submit(prompt="a fox to tell of", provider="apixo")["id"])
    receiver.wait("/shop", 1)

    with visit() as visitor:
        page = visitor.page
        visitor.open("#/deliveries")
        delivery = page.get_by_role("list", name="Deliveries").get_by_role("listitem").first
        expect(delivery).to_contain_text("job.succeeded")
        delivery.get_by_role("button", name="Resend").click()
        first, second = receiver.wait("/shop", 2)
        assert first.headers["webhook-id"] == second.headers["webhook-id"]

        page.get_by_role("button", name="Recover").click()
        expect(page.get_by_role("status")).to_contain_text("sent again")


def test_usage_is_drawn_and_told(visit: Visit, jobs: list[dict[str, Any]]) -> None:
    assert jobs
    with visit() as visitor:
        page = visitor.page
        visitor.open("#/usage")

        expect(page.get_by_role("img", name="By provider")).to_contain_text("AI/ML API")
        page.get_by_text("As a table").nth(2).click()
        expect(page.get_by_role("row", name="Oxen.ai")).to_contain_text("$")


def test_providers_tell_how_they_fare(visit: Visit, jobs: list[dict[str, Any]]) -> None:
    assert jobs
    with visit() as visitor:
        visitor.open("#/providers")
        apixo = visitor.page.get_by_role("listitem").filter(has_text="APIXO").first

        expect(apixo).to_contain_text("Working")
        expect(apixo.locator("dd").first).to_contain_text(" s")


def test_keys_are_made_shown_once_rotated_and_revoked(visit: Visit, stack: Stack) -> None:
    make_key(stack, name="with a budget", budget_usd="5")
    with visit() as visitor:
        page = visitor.page
        visitor.open("#/keys")
        page.get_by_label("Admin key").fill(stack.admin_key)
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("img", name="Budget of with a budget: 0 %")).to_be_visible()

        page.get_by_label("Name").fill("the shop")
        page.get_by_label("Budget, in $").fill("20")
        page.get_by_role("button", name="Create key").click()
        expect(page.locator(".reveal code")).to_contain_text("sk_")
        made = page.locator(".reveal code").inner_text()

        card = (
            page.get_by_role("list", name="API keys")
            .get_by_role("listitem")
            .filter(has_text="the shop")
        )
        card.get_by_role("button", name="Rotate").click()
        page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
        expect(page.locator(".reveal code")).not_to_have_text(made)
        card.get_by_role("button", name="Revoke").click()
        page.get_by_role("button", name="Revoke for good").click()
        expect(card).to_contain_text("revoked")
        assert page.evaluate("localStorage.length") == 0


def test_a_wrong_admin_key_is_not_kept(visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.open("#/keys")
        page.get_by_label("Admin key").fill("wrong")
        page.get_by_role("button", name="Open").click()

        expect(page.get_by_role("alert")).to_contain_text("Use a key that may do this")
        assert page.evaluate("sessionStorage.getItem('seedhook-admin-key')") is None
        visitor.forgive(403)
