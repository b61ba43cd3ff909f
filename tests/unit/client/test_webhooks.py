"""`seedhook webhooks` against the real API, in memory."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from client.__main__ import app
from client.exit_codes import ExitCode
from client.receiver import Heard, receiving
from functions.manage.handler import create_app
from shared.domain.webhook_signature import secret_of, signed_headers
from shared.ports.webhooks import Reply
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import MemoryService

type Run = Callable[..., Result]

URL = "https://seedhook.example"
SHOP = "https://shop.example/hook"
SECRET = secret_of(bytes(32))
BODY = b'{"id":"evt_1","type":"job.succeeded"}'


def run(*arguments: str, handler: Any = None, **parts: Any) -> Result:
    nothing = {"SEEDHOOK_URL": None, "SEEDHOOK_API_KEY": None, "SEEDHOOK_WEBHOOK_SECRET": None}
    return CliRunner().invoke(
        app,
        ["webhooks", *arguments],
        obj=httpx.MockTransport(handler) if handler else None,
        env=nothing,
        **parts,
    )


@pytest.fixture
def call(service: MemoryService) -> Run:
    """Run a command with an ordinary key against the API of the service."""
    manage = create_app(service)
    key = service.issue_key(tenant="default", name="test").text

    def handle(request: httpx.Request) -> httpx.Response:
        event = http_event(
            request.method,
            request.url.path,
            body=request.content or None,
            key=request.headers["authorization"].removeprefix("Bearer "),
            query=dict(request.url.params),
        )
        answer = Answer.of(manage.resolve(event, AnyContext()))
        return httpx.Response(answer.status, headers=answer.headers, text=answer.body)

    return lambda *arguments: run(*arguments, "--url", URL, "--key", key, handler=handle)


def added(call: Run, *arguments: str) -> dict[str, Any]:
    result = call("add", SHOP, "--json", *arguments)
    assert result.exit_code == ExitCode.OK, result.stderr
    return json.loads(result.stdout)


def delivered(service: MemoryService) -> None:
    service.publish_events(list(service.store.announced.values()))
    while service.to_deliver.messages:
        service.deliver_webhook(service.to_deliver.messages.popleft())


def test_an_endpoint_is_added_with_the_one_sight_of_its_secret(call: Run) -> None:
    result = call("add", SHOP, "--event", "job.failed", "--event", "job.succeeded")

    line, secret = result.stdout.splitlines()
    assert result.exit_code == ExitCode.OK
    assert line.split()[1:] == [SHOP, "job.failed,job.succeeded", "enabled"]
    assert secret.startswith("secret: whsec_")
    assert "whsec_" not in call("ls").stdout


def test_endpoints_are_listed_with_how_they_fare(service: MemoryService, call: Run) -> None:
    webhook = added(call)
    service.receivers.answers[SHOP] = lambda _: Reply(milliseconds=1, status=500)
    service.admit()
    delivered(service)

    assert call("ls").stdout.splitlines() == [
        f"{webhook['id']}  {SHOP}  all events  enabled, failing since 2026-11-20T12:00:00.000Z"
    ]
    (shown,) = json.loads(call("ls", "--json").stdout)
    assert shown["id"] == webhook["id"]


def test_a_removed_endpoint_is_gone(call: Run) -> None:
    webhook = added(call)

    result = call("rm", webhook["id"])

    assert (result.exit_code, result.stdout) == (0, f"{webhook['id']} removed\n")
    assert json.loads(call("ls", "--json").stdout) == []
    assert call("rm", webhook["id"]).exit_code == ExitCode.WRONG_USAGE


def test_rotating_shows_the_new_secret(call: Run) -> None:
    webhook = added(call)

    rotated = json.loads(call("rotate", webhook["id"], "--json").stdout)

    assert rotated["secret"] != webhook["secret"]


def test_deliveries_tell_what_came_of_them(service: MemoryService, call: Run) -> None:
    added(call)
    answers = iter([Reply(milliseconds=1, status=500), Reply(milliseconds=1, error="no answer")])
    service.receivers.answers[SHOP] = lambda _: next(answers)
    jobs = [service.admit(), service.admit()]
    delivered(service)

    lines = call("deliveries").stdout.splitlines()

    assert sorted(line.split("  ", 3)[3].split(",")[1] for line in lines) == [
        " last: 500",
        " last: no answer",
    ]
    (one,) = json.loads(call("deliveries", "--job", jobs[0].id, "--json").stdout)
    assert one["job"] == jobs[0].id
    assert json.loads(call("deliveries", "--status", "delivered", "--json").stdout) == []


def test_a_delivery_is_resent(service: MemoryService, call: Run) -> None:
    added(call)
    service.admit()
    delivered(service)
    (one,) = json.loads(call("deliveries", "--json").stdout)

    result = call("resend", one["id"])
    delivered(service)

    assert (result.exit_code, len(service.receivers.posted)) == (0, 2)


def test_all_that_was_missed_is_recovered_page_by_page(service: MemoryService, call: Run) -> None:
    webhook = added(call)
    service.receivers.answers[SHOP] = lambda _: Reply(milliseconds=1, status=410)
    for _ in range(1001):
        service.admit()
    delivered(service)
    path = service.webhooks.of_tenant("default")[0]
    service.webhooks.save(path.changed(service.clock.now(), enabled=True), was=path)

    result = call("recover", webhook["id"], "--since", "2026-11-20T00:00:00Z")

    assert (result.exit_code, result.stdout) == (0, "1001 on their way again\n")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "http://shop.example/"), ExitCode.WRONG_USAGE),
        (("rm", "wh_unknown"), ExitCode.WRONG_USAGE),
        (("rm", "../keys"), ExitCode.WRONG_USAGE),
        (("recover", "wh_unknown", "--since", "yesterday"), ExitCode.WRONG_USAGE),
        (("resend", "dlv_unknown"), ExitCode.WRONG_USAGE),
        (("deliveries", "--status", "lost"), ExitCode.WRONG_USAGE),
    ],
)
def test_what_the_api_refuses_is_wrong_usage(
    call: Run, arguments: tuple[str, ...], code: ExitCode
) -> None:
    result = call(*arguments)

    assert result.exit_code == code
    assert result.stderr.startswith("seedhook: ")


def test_an_unknown_key_is_not_authorised() -> None:
    handler = lambda _: httpx.Response(401, json={"detail": "no"})  # noqa: E731  # as a transport

    result = run("ls", "--url", URL, "--key", "x", handler=handler)

    assert result.exit_code == ExitCode.NOT_AUTHORISED


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"data": 7}', '{"data": [7]}'])
def test_a_stranger_at_the_address_is_recognised(body: str) -> None:
    result = run("ls", "--url", URL, "--key", "x", handler=lambda _: httpx.Response(200, text=body))

    assert result.exit_code == ExitCode.UNREACHABLE


# --- for who receives


@pytest.fixture
def body(tmp_path: Path) -> str:
    path = tmp_path / "body.json"
    path.write_bytes(BODY)
    return str(path)


def headers_file(folder: Path, text: str) -> str:
    path = folder / "headers.txt"
    path.write_text(text)
    return str(path)


def test_what_sign_prints_verify_takes(tmp_path: Path, body: str) -> None:
    signed = run("sign", body, "--secret", SECRET, "--id", "evt_1")
    headers = headers_file(tmp_path, f"HTTP/1.1 200 OK\n{signed.stdout}")

    result = run("verify", body, "--secret", SECRET, "--headers", headers)

    assert (result.exit_code, result.stdout) == (0, "valid: evt_1\n")


def test_the_body_may_come_by_stdin(tmp_path: Path, body: str) -> None:
    signed = run("sign", "-", "--secret", SECRET, "--id", "evt_1", input=BODY)
    headers = headers_file(tmp_path, signed.stdout)

    by_stdin = run("verify", "-", "--secret", SECRET, "--headers", headers, input=BODY)
    by_file = run("verify", body, "--secret", SECRET, "--headers", headers, "--json")

    assert by_stdin.exit_code == ExitCode.OK
    assert json.loads(by_file.stdout) == {"valid": True, "id": "evt_1"}


def test_either_secret_of_a_rotation_verifies(tmp_path: Path, body: str) -> None:
    signed = run("sign", body, "--secret", SECRET, "--id", "evt_1")
    headers = headers_file(tmp_path, signed.stdout)
    both = ("--secret", secret_of(bytes(31) + b"x"), "--secret", SECRET)

    assert run("verify", body, *both, "--headers", headers).exit_code == ExitCode.OK


def test_what_is_not_signed_is_not_valid(tmp_path: Path, body: str) -> None:
    headers = headers_file(tmp_path, "webhook-id: evt_1\n")

    result = run("verify", body, "--secret", SECRET, "--headers", headers)
    as_json = run("verify", body, "--secret", SECRET, "--headers", headers, "--json")

    assert (result.exit_code, result.stdout) == (1, "not valid: a header is missing\n")
    assert json.loads(as_json.stdout)["valid"] is False


@pytest.mark.parametrize("command", [("sign", "--id", "x"), ("verify", "--headers", "HEADERS")])
def test_a_secret_that_is_none_is_wrong_usage(
    tmp_path: Path, body: str, command: tuple[str, ...]
) -> None:
    filled = [headers_file(tmp_path, "") if one == "HEADERS" else one for one in command]

    result = run(*filled, body, "--secret", "whsec_x")

    assert result.exit_code == ExitCode.WRONG_USAGE
    assert "a webhook secret is whsec_ and base64" in result.stderr


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    result = run("sign", str(tmp_path / "none"), "--secret", SECRET, "--id", "x")

    assert result.exit_code == ExitCode.WRONG_USAGE


def signed(body: bytes = BODY, *, at: datetime | None = None) -> dict[str, str]:
    return signed_headers([SECRET], message_id="evt_1", at=at or datetime.now(UTC), body=body)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_receiver_believes_what_is_signed_and_nothing_else() -> None:
    heard: list[Heard] = []
    old = datetime.now(UTC) - timedelta(minutes=6)
    with (
        receiving(("127.0.0.1", 0), secrets=[SECRET], tell=heard.append) as address,
        httpx.Client(base_url=address, trust_env=False) as sender,
    ):
        statuses = [
            sender.post("/", content=BODY, headers=headers).status_code
            for headers in (signed(), {}, signed(at=old), signed(b"other"))
        ]
        with socket.create_connection((sender.base_url.host, sender.base_url.port or 0)) as line:
            line.sendall(b"POST / HTTP/1.0\r\ncontent-length: 99999999\r\n\r\n")
            too_large = line.recv(100)

    assert statuses == [204, 401, 401, 401]
    assert b" 413 " in too_large
    # Each is told after its answer, by a thread of its own: in any order.
    assert Counter(one.message_id for one in heard) == {"evt_1": 1, None: 3}


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_listen_prints_each_event_and_leaves_after_so_many() -> None:
    port = free_port()
    sender = threading.Thread(target=send_until_heard, args=(port,), daemon=True)
    sender.start()

    result = run("listen", "--secret", SECRET, "--port", str(port), "--count", "1", "--json")

    sender.join(10)
    assert result.exit_code == ExitCode.OK
    assert json.loads(result.stdout) == {"id": "evt_1", "event": json.loads(BODY)}


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_port_that_is_taken_is_wrong_usage() -> None:
    with receiving(("127.0.0.1", 0), secrets=[], tell=lambda _: None) as address:
        port = address.rpartition(":")[2]

        result = run("listen", "--secret", SECRET, "--port", port)

    assert result.exit_code == ExitCode.WRONG_USAGE
    assert "cannot listen on port" in result.stderr


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def send_until_heard(port: int) -> None:
    with httpx.Client(trust_env=False) as client:
        for _ in range(500):
            try:
                client.post(f"http://127.0.0.1:{port}/", content=BODY, headers=signed())
            except httpx.TransportError:
                threading.Event().wait(0.01)
            else:
                return
