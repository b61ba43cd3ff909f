"""`seedhook callbacks replay` against the real API, in memory."""

import io
import json
from collections.abc import Callable

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from client.__main__ import app
from client.api import Api
from client.callbacks import pages, view
from client.exit_codes import ExitCode
from functions.manage.handler import create_app
from shared.domain.ids import JobId
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import ADMIN_KEY, MemoryService

type Replay = Callable[..., Result]
type Handler = Callable[[httpx.Request], httpx.Response]

URL = "https://seedhook.example"
# More than two pages of a hundred.
JOBS = [JobId(f"job_01M7WD7TG0000G40R40M30E{number:03}") for number in range(250)]


def api_of(service: MemoryService) -> Handler:
    manage = create_app(service)

    def handle(request: httpx.Request) -> httpx.Response:
        event = http_event(
            request.method,
            request.url.path,
            body=request.content,
            key=request.headers["authorization"].removeprefix("Bearer "),
        )
        answer = Answer.of(manage.resolve(event, AnyContext()))
        return httpx.Response(answer.status, headers=answer.headers, text=answer.body)

    return handle


def run(handler: Handler, *arguments: str, **environment: str | None) -> Result:
    nothing = {"SEEDHOOK_URL": None, "SEEDHOOK_API_KEY": None}
    return CliRunner().invoke(
        app,
        ["callbacks", "replay", *arguments],
        obj=httpx.MockTransport(handler),
        env=nothing | environment,
    )


@pytest.fixture
def replay(service: MemoryService) -> Replay:
    """Run the command with the admin key against the API of the service."""
    return lambda *arguments: run(api_of(service), "--url", URL, "--key", ADMIN_KEY, *arguments)


@pytest.fixture
def kept(service: MemoryService) -> MemoryService:
    for job_id in JOBS:
        service.archive.keep(job_id, attempt=1, body=b'{"data": {"taskId": "apixo-0"}}')
    return service


def answering(status: int, text: str = "") -> Handler:
    return lambda _: httpx.Response(status, text=text)


def test_every_kept_callback_is_handed_on_page_by_page(kept: MemoryService, replay: Replay) -> None:
    result = replay()

    assert result.exit_code == ExitCode.OK
    assert result.stdout.splitlines() == [
        "100 callbacks so far",
        "200 callbacks so far",
        "250 callbacks so far",
        "250 callbacks handed on",
    ]
    assert [job_id for job_id, _ in kept.to_collect.messages] == JOBS


def test_of_one_job_only_its_own_are_handed_on(kept: MemoryService, replay: Replay) -> None:
    result = replay("--job", JOBS[7])

    assert result.stdout.splitlines()[-1] == "1 callback handed on"
    assert [job_id for job_id, _ in kept.to_collect.messages] == [JOBS[7]]


def test_nothing_kept_is_nothing_wrong(replay: Replay) -> None:
    result = replay()

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "0 callbacks handed on")


def test_json_is_one_document_and_progress_goes_elsewhere(
    kept: MemoryService, replay: Replay
) -> None:
    result = replay("--json", "--job", JOBS[0])

    assert json.loads(result.stdout) == {"replayed": 1, "job": JOBS[0]}
    assert "so far" in result.stderr
    assert len(kept.to_collect.messages) == 1


def test_address_and_key_may_come_from_the_environment(service: MemoryService) -> None:
    result = run(api_of(service), SEEDHOOK_URL=f"{URL}/v1/", SEEDHOOK_API_KEY=ADMIN_KEY)

    assert result.exit_code == ExitCode.OK


def test_an_ordinary_key_is_told_what_it_takes(kept: MemoryService) -> None:
    key = kept.issue_key(tenant="default", name="test").text

    result = run(api_of(kept), "--url", URL, "--key", key)

    assert result.exit_code == ExitCode.NOT_AUTHORISED
    assert "the deployment's admin key" in result.stderr
    assert key not in result.output
    assert not kept.to_collect.messages


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (302, ExitCode.UNREACHABLE),
        (400, ExitCode.WRONG_USAGE),
        (401, ExitCode.NOT_AUTHORISED),
        (403, ExitCode.NOT_AUTHORISED),
        (404, ExitCode.WRONG_USAGE),
        (408, ExitCode.UNREACHABLE),
        (429, ExitCode.UNREACHABLE),
        (500, ExitCode.UNREACHABLE),
        (503, ExitCode.UNREACHABLE),
    ],
)
@pytest.mark.parametrize("text", ["", "<html>", "[]", '{"detail": 1}', '{"detail": "so it is"}'])
def test_each_refusal_has_its_exit_code(status: int, code: ExitCode, text: str) -> None:
    result = run(answering(status, text), "--url", URL, "--key", "k")

    assert result.exit_code == code
    assert f"the API answered {status}" in result.stderr
    assert ("so it is" in text) == ("so it is" in result.stderr)


@pytest.mark.parametrize("text", ["", "<html>", "[]", "{}", '{"replayed": "1"}'])
def test_a_good_answer_from_somebody_else_is_not_believed(text: str) -> None:
    result = run(answering(200, text), "--url", URL, "--key", "k")

    assert result.exit_code == ExitCode.UNREACHABLE
    assert f"what answers at {URL} is not Seedhook" in result.stderr


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("")])
def test_an_api_that_is_not_there_has_its_exit_code(error: httpx.TransportError) -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        raise error

    result = run(handle, "--url", URL, "--key", "k")

    assert result.exit_code == ExitCode.UNREACHABLE
    assert f"cannot reach {URL}: {str(error) or 'ReadTimeout'}" in result.stderr


def test_what_was_done_before_it_broke_off_is_told(kept: MemoryService) -> None:
    api = api_of(kept)

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if len(kept.to_collect.messages) else api(request)

    result = run(handle, "--url", URL, "--key", ADMIN_KEY)

    assert result.exit_code == ExitCode.UNREACHABLE
    assert "100 callbacks handed on before that" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--key", "k"],
        ["--url", URL],
        ["--url", "127.0.0.1:8787", "--key", "k"],
        ["--url", "http://", "--key", "k"],
        ["--url", "http://[", "--key", "k"],
        ["--url", URL, "--key", "k\N{LATIN SMALL LETTER E WITH ACUTE}y"],
        ["--url", URL, "--key", "k\n"],
        ["--url", URL, "--key", "k", "--jobs", JOBS[0]],
    ],
)
def test_wrong_usage_asks_nobody(arguments: list[str]) -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(500)

    assert run(handle, *arguments).exit_code == ExitCode.WRONG_USAGE
    assert not asked


def test_what_is_no_job_is_wrong_usage_and_named(replay: Replay) -> None:
    result = replay("--job", "job_1")

    assert result.exit_code == ExitCode.WRONG_USAGE
    assert "/job" in result.stderr


def test_a_page_goes_on_where_the_last_one_ended() -> None:
    asked: list[object] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        cursor = "c" if len(asked) == 1 else None
        return httpx.Response(200, json={"replayed": len(asked), "cursor": cursor})

    api = Api(URL, key="k", transport=httpx.MockTransport(handle))

    assert list(pages(api, job="j")) == [1, 2]
    assert asked == [{"job": "j"}, {"job": "j", "cursor": "c"}]


def test_a_terminal_shows_one_line_that_moves() -> None:
    screen = io.StringIO()

    with view(Console(file=screen, force_terminal=True)) as tell:
        tell(100)

    assert "100 callbacks" in screen.getvalue()
    assert "\x1b" in screen.getvalue()
