"""The console's files: loaded by anybody, allowed little, and nothing beside them."""

import base64
import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from functions.manage.handler import create_app
from shared.api.console import console_files
from tests.http_events import AnyContext, http_event
from tests.memory_service import MemoryService

FOLDER = Path("console")
SCRIPTS = sorted(FOLDER.glob("*.js"))

type Fetch = Callable[..., dict[str, Any]]


@pytest.fixture
def fetch(service: MemoryService) -> Fetch:
    app = create_app(service)

    def send(path: str, **headers: str) -> dict[str, Any]:
        event = http_event("GET", path)
        event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        return app.resolve(event, AnyContext())

    return send


def content_of(answer: dict[str, Any]) -> bytes:
    assert answer["isBase64Encoded"]
    return base64.b64decode(answer["body"])


def policy_of(answer: dict[str, Any]) -> dict[str, list[str]]:
    parts = answer["headers"]["content-security-policy"].split("; ")
    return {name: values for name, *values in (part.split(" ") for part in parts)}


def test_the_start_page_is_there_without_a_key(fetch: Fetch) -> None:
    answer = fetch("/")

    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert content_of(answer) == (FOLDER / "index.html").read_bytes()


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_file_of_the_folder_is_served_as_it_is(fetch: Fetch, path: Path) -> None:
    answer = fetch(f"/console/{path.name}")

    assert (answer["statusCode"], content_of(answer)) == (200, path.read_bytes())


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "..", "../handler.py", "..%2fhandler.py", "%2e%2e", ".", " ", "main.js%00"],
)
def test_what_is_not_on_the_list_is_not_there(fetch: Fetch, name: str) -> None:
    answer = fetch(f"/console/{name}")

    assert answer["statusCode"] == 404
    assert '"code":"route_not_found"' in answer["body"]


def test_only_kinds_of_files_that_a_page_needs_are_on_the_list(tmp_path: Path) -> None:
    for name in ("page.html", "notes.md", ".env"):
        (tmp_path / name).write_text("text")

    assert [*console_files(tmp_path)] == ["page.html"]


def test_a_browser_may_load_from_here_and_from_the_buckets_alone(fetch: Fetch) -> None:
    policy = policy_of(fetch("/"))

    assert policy == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:", "https://media.example"],
        "connect-src": ["'self'", "https://uploads.example"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }


def test_nothing_is_guessed_and_no_address_is_given_away(fetch: Fetch) -> None:
    headers = fetch("/console/main.js")["headers"]

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_who_takes_gzip_gets_it(fetch: Fetch) -> None:
    answer = fetch("/console/style.css", accept_encoding="br, gzip")

    assert answer["headers"]["content-encoding"] == "gzip"
    assert gzip.decompress(content_of(answer)) == (FOLDER / "style.css").read_bytes()


def test_who_does_not_take_gzip_gets_the_file(fetch: Fetch) -> None:
    answer = fetch("/console/style.css")

    assert "content-encoding" not in answer["headers"]
    assert answer["headers"]["vary"] == "accept-encoding"


def test_what_a_browser_has_is_not_sent_again(fetch: Fetch) -> None:
    etag = fetch("/console/main.js")["headers"]["etag"]

    answer = fetch("/console/main.js", if_none_match=f'W/"other", {etag}')

    assert answer["statusCode"] == 304
    assert answer["body"] == ""
    assert fetch("/console/jobs.js", if_none_match=etag)["statusCode"] == 200


def test_the_page_has_no_script_or_style_of_its_own() -> None:
    page = (FOLDER / "index.html").read_text(encoding="utf-8")

    assert re.findall(r"<script(?![^>]* src=)|<style|\bon\w+=|\bstyle=|javascript:", page) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_of_text(script: Path) -> None:
    code = script.read_text(encoding="utf-8")

    words = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert re.findall(words, code) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_module_that_is_imported_is_there(script: Path) -> None:
    code = script.read_text(encoding="utf-8")

    named = re.findall(r"""(?:from|import\()\s*"\./([^"]+)\"""", code)
    assert [name for name in named if name not in console_files()] == []
