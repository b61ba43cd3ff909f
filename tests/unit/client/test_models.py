"""`seedhook models ls` and `show` against the real API, in memory."""

import io
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from client.__main__ import app
from client.exit_codes import ExitCode
from client.models_view import overview
from functions.manage.handler import create_app
from shared.api.views import model_view
from shared.catalog.load import load_catalog
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import MemoryService

type Models = Callable[..., Result]
type Handler = Callable[[httpx.Request], httpx.Response]

URL = "https://seedhook.example"
SOURCE = "APIXO's page for seedream-4-5: flat rate per generated image"
VIEWS = [model_view(model) for model in load_catalog().models]


def api_of(service: MemoryService) -> Handler:
    manage = create_app(service)

    def handle(request: httpx.Request) -> httpx.Response:
        key = request.headers["authorization"].removeprefix("Bearer ")
        event = http_event(request.method, request.url.path, key=key)
        answer = Answer.of(manage.resolve(event, AnyContext()))
        return httpx.Response(answer.status, headers=answer.headers, text=answer.body)

    return handle


def run(handler: Handler, *arguments: str) -> Result:
    return CliRunner().invoke(
        app,
        ["models", *arguments],
        obj=httpx.MockTransport(handler),
        env={"SEEDHOOK_URL": None, "SEEDHOOK_API_KEY": None},
    )


@pytest.fixture
def models(service: MemoryService) -> Models:
    """Run the command with a key of the service."""
    key = service.issue_key(tenant="default", name="test").text
    return lambda *arguments: run(api_of(service), *arguments, "--url", URL, "--key", key)


def answering(status: int, content: object = None) -> Handler:
    return lambda _: httpx.Response(status, json=content)


def rows(result: Result) -> list[list[str]]:
    """Return the lines that were told, each in its columns."""
    lines = [line.split("  ") for line in result.stdout.splitlines()]
    return [[cell.strip() for cell in line if cell.strip()] for line in lines]


def test_each_model_is_a_line_at_each_of_its_providers(models: Models) -> None:
    result = models("ls")

    assert result.exit_code == ExitCode.OK
    assert rows(result) == [
        ["MODEL", "PROVIDER", "ITS OWN ID", "DELIVERIES", "USD AN IMAGE", "SECONDS"],
        [
            "seedream-4",
            "oxen",
            "bytedance-seedream-4",
            "poll, stream, sync",
            "unknown",
            "5 to 30",
        ],
        [
            "seedream-4.5",
            "apixo",
            "seedream-4-5",
            "callback, poll",
            "0.0350 (2026-11-20)",
            "2K 25 to 35, 4K 40 to 55",
        ],
        [
            "seedream-4.5",
            "aimlapi",
            "bytedance/seedream-4-5",
            "sync",
            "0.042 (2026-08-21)",
            "unknown",
        ],
        [
            "seedream-4.5",
            "oxen",
            "bytedance-seedream-4-5",
            "poll, stream, sync",
            "unknown",
            "5 to 30",
        ],
        [
            "seedream-5-lite",
            "oxen",
            "bytedance-seedream-5-lite",
            "poll, stream, sync",
            "unknown",
            "5 to 30",
        ],
    ]


@pytest.mark.parametrize("name", ["seedream-4.5", "bytedance/seedream-4-5", "seedream-4-5-251128"])
def test_a_model_is_shown_by_any_of_its_names(models: Models, name: str) -> None:
    result = models("show", name)

    assert result.exit_code == ExitCode.OK
    assert result.stdout.startswith("seedream-4.5: Seedream 4.5, also seedream-4-5, ")


def test_what_a_model_takes_is_shown_field_by_field_for_each_provider(models: Models) -> None:
    told = rows(models("show", "seedream-4.5"))

    for line in [
        [f"USD an image: 0.0350 (2026-11-20), {SOURCE}"],
        ["USD an image: unknown"],
        ["images a request: 4 by poll, 4 by stream, 1 by sync"],
        ["4K: 40 to 55 seconds, asked after 30, then every 5"],
        ["4K: time unknown"],
        ["size excludes resolution and aspect_ratio"],
        ["resolution 4K: aspect_ratio 1:1"],
        ["filled by Seedhook: request_type, callback_url, mode"],
        ["FIELD", "ON THE WIRE", "MAY BE", "DEFAULT"],
        ["prompt", "prompt", "up to 5000 characters"],
        ["images", "input_image", "up to 10"],
        ["n", "max_images", "1 to 10", "1"],
        ["n", "one request each", "1 to 10", "1"],
        ["resolution", "size", "2K, 4K", "4K"],
        ["size", "size",
         "2K, 4K; or WIDTHxHEIGHT: 3686400 to 16777216 pixels, sides at most 16 to 1"],
        ["sequential", "sequential_image_generation", "disabled, auto"],
        ["seed", "seed", "any integer"],
        ["watermark", "watermark", "true or false", "false"],
    ]:  # fmt: skip
        assert line in told


def test_json_is_what_the_api_says(models: Models) -> None:
    listed, shown = models("ls", "--json"), models("show", "seedream-4-5", "--json")

    assert json.loads(listed.stdout) == {"object": "list", "data": VIEWS}
    assert json.loads(shown.stdout) == VIEWS[1]


def test_an_operators_price_has_no_date() -> None:
    price = {"usd_per_image": "0.03", "as_of": None, "source": "set by the operator"}
    view = json.loads(json.dumps(VIEWS[0]))
    view["providers"]["oxen"]["price"] = price

    result = run(answering(200, {"data": [view]}), "show", "seedream-4", "--url", URL, "--key", "k")

    assert ["USD an image: 0.03, set by the operator"] in rows(result)


def test_a_model_that_is_not_there_is_wrong_usage_and_those_that_are_are_named(
    models: Models,
) -> None:
    result = models("show", "seedream-9")

    assert result.exit_code == ExitCode.WRONG_USAGE
    assert "there is no model seedream-9; known are seedream-4, seedream-4.5" in result.stderr
    assert result.stdout == ""


def test_a_key_that_is_none_has_its_exit_code(service: MemoryService) -> None:
    result = run(api_of(service), "ls", "--url", URL, "--key", "sk_0000_nothing")

    assert result.exit_code == ExitCode.NOT_AUTHORISED


def test_an_api_that_is_not_there_has_its_exit_code() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert run(refuse, "ls", "--url", URL, "--key", "k").exit_code == ExitCode.UNREACHABLE


@pytest.mark.parametrize("command", [["ls"], ["show", "seedream-4"]])
@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"data": None},
        {"data": "seedream-4"},
        {"data": ["seedream-4"]},
        {"data": [{"id": "seedream-4"}]},
        {"data": [{"id": "seedream-4", "title": "t", "aliases": 7, "providers": {"oxen": []}}]},
        {"data": [{"id": "seedream-4", "title": "t", "aliases": [], "providers": [1]}]},
        {"data": [{**VIEWS[0], "providers": {"oxen": {**VIEWS[0]["providers"]["oxen"],
                                                      "timing": [{"resolution": 1}]}}}]},
    ],
)  # fmt: skip
def test_an_answer_from_somebody_else_is_not_believed(command: list[str], content: Any) -> None:
    result = run(answering(200, content), *command, "--url", URL, "--key", "k")

    assert result.exit_code == ExitCode.UNREACHABLE
    assert f"what answers at {URL} is not Seedhook" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["ls", "--key", "k"],
        ["ls", "--url", URL],
        ["ls", "seedream-4", "--url", URL, "--key", "k"],
        ["show", "--url", URL, "--key", "k"],
        ["show", "a", "b", "--url", URL, "--key", "k"],
    ],
)
def test_wrong_usage_asks_nobody(arguments: list[str]) -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(500)

    assert run(handle, *arguments).exit_code == ExitCode.WRONG_USAGE
    assert not asked


def test_on_a_narrow_terminal_nothing_is_cut_off() -> None:
    screen = io.StringIO()

    (table,) = overview(VIEWS)
    Console(file=screen, width=60).print(table)

    assert max(map(len, screen.getvalue().splitlines())) <= 60
    assert "\N{HORIZONTAL ELLIPSIS}" not in screen.getvalue()
