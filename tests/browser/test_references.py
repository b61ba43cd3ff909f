"""References of a new job, as they come: dropped, pasted, or in a way that brings none."""

from base64 import b64encode

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.visitor import job_of
from tests.e2e.api import Api
from tests.pictures import a_png

pytestmark = pytest.mark.engine

CLIPBOARD = ["clipboard-read", "clipboard-write"]
COPY_IMAGE = """async (png) => {
    const bytes = Uint8Array.from(atob(png), (char) => char.charCodeAt(0));
    const image = new Blob([bytes], { type: "image/png" });
    await navigator.clipboard.write([new ClipboardItem({ "image/png": image })]);
}"""


def a_picture(side: int) -> FilePayload:
    return {"name": f"{side}.png", "mimeType": "image/png", "buffer": a_png(side, side)}


def place(page: Page) -> Locator:
    return page.get_by_role("group", name="References")


def shows(page: Page, *sides: int) -> None:
    """Each reference is shown as the picture it is, in this order."""
    pictures = place(page).locator("li img")
    expect(pictures).to_have_count(len(sides))
    for picture, side in zip(pictures.all(), sides, strict=True):
        expect(picture).to_have_js_property("naturalWidth", side)
    expect(place(page)).to_contain_text(f"{len(sides)} of ")


def copy_image(page: Page, side: int) -> None:
    page.evaluate(COPY_IMAGE, b64encode(a_png(side, side)).decode())


def test_dropped_images_are_references_in_their_order(visit: Visit, api: Api) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.open("#/new")

        place(page).drop({"files": [a_picture(64), a_picture(48)]})
        shows(page, 64, 48)
        place(page).drop({"files": [a_picture(32)]})
        shows(page, 64, 48, 32)

        page.get_by_role("button", name="Remove reference 2").click()
        shows(page, 64, 32)
        page.get_by_label("Prompt", exact=True).fill("both as one watercolour")
        page.get_by_label("Provider").select_option("apixo")
        page.get_by_role("button", name="Make it").click()
        expect(page.locator(".outcome .state")).to_have_text("Done")
        page.get_by_role("link", name="Open the job").click()
        expect(page.locator(".heading .state")).to_have_text("Done")

        first, second = api.job(job_of(page))["input"]["images"]
        assert first.startswith("upload:")
        assert second.startswith("upload:")
        assert first != second


def test_what_is_no_image_is_refused_and_the_image_beside_it_taken(visit: Visit) -> None:
    letter: FilePayload = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"dear fox"}
    with visit() as visitor:
        page = visitor.page
        visitor.open("#/new")

        place(page).drop({"files": [letter, a_picture(64)]})

        shows(page, 64)
        refusal = place(page).get_by_role("alert")
        expect(refusal).to_have_text("letter.txt is no PNG, JPEG or WebP.")


def test_an_image_is_pasted_wherever_the_cursor_is(visit: Visit) -> None:
    with visit(permissions=CLIPBOARD) as visitor:
        page = visitor.page
        visitor.open("#/new")
        prompt = page.get_by_label("Prompt", exact=True)
        prompt.fill("as a watercolour")

        copy_image(page, 64)
        prompt.press("Control+V")
        shows(page, 64)
        copy_image(page, 48)
        page.get_by_label("Provider").press("Control+V")
        shows(page, 64, 48)

        expect(prompt).to_have_value("as a watercolour")


def test_pasted_text_goes_into_its_field_and_is_no_reference(visit: Visit) -> None:
    with visit(permissions=CLIPBOARD) as visitor:
        page = visitor.page
        visitor.open("#/new")

        page.evaluate("navigator.clipboard.writeText('a fox at dawn')")
        page.get_by_label("Prompt", exact=True).press("Control+V")

        expect(page.get_by_label("Prompt", exact=True)).to_have_value("a fox at dawn")
        shows(page)
        expect(place(page).get_by_role("alert")).to_have_count(0)


def test_whoever_has_left_the_form_uploads_nothing_by_pasting(visit: Visit) -> None:
    with visit(permissions=CLIPBOARD) as visitor:
        page = visitor.page
        visitor.open("#/new")
        shows(page)
        visitor.go("Usage")
        before = len(visitor.requests)

        copy_image(page, 64)
        page.keyboard.press("Control+V")
        visitor.go("New")

        shows(page)
        assert not [one for one in visitor.requests[before:] if one.url.endswith("/v1/uploads")]
