"""The front door against an upstream in this process."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from local.proxy import BODY_LIMIT, PAYLOAD_LIMIT, Door, Gateway, function_url, http_api

Answer = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]

API = http_api("0123abcd")
FUNCTION_URL = function_url("https://k3v9x2m7.lambda-url.us-east-1.on.aws/v1")


def send(answer: Answer, method: str, url: str, *, door: Door = API, **extra: Any) -> Any:
    """Send one request through a gateway whose upstream answers as told."""

    async def through_the_gateway() -> httpx.Response:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as upstream:
            gateway = Gateway(upstream=upstream, door=door)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway)) as client:
                return await client.request(method, url, **extra)

    return asyncio.run(through_the_gateway())


class Upstream:
    """Remembers what reached it, and answers with what it was given."""

    def __init__(self, content: bytes = b"", *, status: int = 200, **extra: Any) -> None:
        self.requests: list[httpx.Request] = []
        # As from a socket: a response that was read already cannot be streamed.
        self._response = httpx.Response(status, stream=httpx.ByteStream(content), **extra)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._response


def test_the_path_and_query_reach_the_api_with_their_escapes_untouched() -> None:
    upstream = Upstream()

    send(upstream, "GET", "http://seedhook.local/v1/a%2Fb%20c?x=%2F&x=2")

    assert (
        upstream.requests[0].extensions["target"]
        == b"/_aws/execute-api/0123abcd/$default/v1/a%2Fb%20c?x=%2F&x=2"
    )


def test_the_function_sees_the_host_that_the_caller_named() -> None:
    upstream = Upstream()

    send(upstream, "GET", "http://seedhook.local:8787/")

    assert upstream.requests[0].headers.get_list("host") == ["seedhook.local:8787"]


def test_method_body_and_repeated_headers_pass_through() -> None:
    upstream = Upstream()
    headers = [("X-Many", "1"), ("X-Many", "2"), ("Content-Type", "image/png")]

    send(upstream, "PATCH", "http://seedhook.local/", headers=headers, content=b"\x00\xff")

    request = upstream.requests[0]
    assert request.method == "PATCH"
    assert request.content == b"\x00\xff"
    assert request.headers.get_list("x-many") == ["1", "2"]


def test_status_body_and_repeated_headers_come_back() -> None:
    headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Encoding", "br")]
    upstream = Upstream(b"\x00\xff", status=302, headers=headers)

    answer = send(
        upstream, "GET", "http://seedhook.local/", headers={"Accept-Encoding": "identity"}
    )

    assert answer.status_code == 302
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["content-encoding"] == "br"


def test_headers_that_belong_to_one_connection_stay_on_it() -> None:
    upstream = Upstream(headers={"Connection": "close", "Keep-Alive": "timeout=5"})

    answer = send(upstream, "GET", "http://seedhook.local/", headers={"TE": "trailers"})

    assert "te" not in upstream.requests[0].headers
    assert "connection" not in answer.headers
    assert "keep-alive" not in answer.headers


def test_a_body_over_ten_megabytes_never_reaches_the_api() -> None:
    upstream = Upstream()

    answer = send(upstream, "POST", "http://seedhook.local/", content=b"a" * (BODY_LIMIT + 1))

    assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})
    assert not upstream.requests


def test_a_binary_body_counts_as_the_base64_that_lambda_gets() -> None:
    upstream = Upstream()
    small, large = b"\xff" * (PAYLOAD_LIMIT * 3 // 4 - 10_000), b"\xff" * (PAYLOAD_LIMIT * 3 // 4)

    assert send(upstream, "POST", "http://seedhook.local/", content=small).status_code == 200
    assert send(upstream, "POST", "http://seedhook.local/", content=large).status_code == 413


def test_a_text_body_counts_as_the_json_that_lambda_gets() -> None:
    upstream = Upstream()
    quotes = b'"' * (PAYLOAD_LIMIT // 2)

    answer = send(upstream, "POST", "http://seedhook.local/", content=quotes)

    assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})


def test_an_answer_over_the_payload_limit_is_an_internal_error() -> None:
    upstream = Upstream(b"a" * PAYLOAD_LIMIT)

    answer = send(upstream, "GET", "http://seedhook.local/")

    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_an_integration_that_takes_too_long_is_unavailable() -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    answer = send(never, "GET", "http://seedhook.local/", door=http_api("a", seconds=0.01))

    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})


def test_a_request_that_waits_while_the_stack_stops_is_answered() -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        waiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def stopped_meanwhile() -> httpx.Response:
        transport = httpx.MockTransport(never)
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as upstream:
            gateway = Gateway(upstream=upstream, door=FUNCTION_URL)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway)) as client:
                request = asyncio.create_task(client.post("http://seedhook.local/"))
                await waiting.wait()
                request.cancel()
                return await request

    waiting = asyncio.Event()

    assert asyncio.run(stopped_meanwhile()).status_code == 503


def test_an_engine_that_is_gone_is_unavailable() -> None:
    async def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    answer = send(refuse, "GET", "http://seedhook.local/")

    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})


def test_a_function_that_raised_shows_no_stack_trace() -> None:
    trace = {"errorMessage": "boom", "errorType": "ValueError", "stackTrace": ["…"]}
    upstream = Upstream(json.dumps(trace).encode(), status=502)

    answer = send(upstream, "GET", "http://seedhook.local/")

    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_a_function_url_is_named_in_the_path_and_waits_for_its_function() -> None:
    upstream = Upstream()

    send(upstream, "POST", "http://seedhook.local/v1/images/edits", door=FUNCTION_URL)

    path = b"/_aws/lambda-url/k3v9x2m7/v1/images/edits"
    assert upstream.requests[0].extensions["target"] == path
    assert FUNCTION_URL.seconds is None


def test_a_payload_that_is_too_large_is_refused_at_a_function_url_too() -> None:
    large = b"a" * PAYLOAD_LIMIT

    request = send(Upstream(), "POST", "http://x/", content=large, door=FUNCTION_URL)
    response = send(Upstream(large), "GET", "http://x/", door=FUNCTION_URL)

    assert (request.status_code, response.status_code) == (413, 502)


def test_a_function_that_raised_behind_its_url_is_a_bad_gateway() -> None:
    upstream = Upstream(b'{"errorMessage": "boom"}', status=502)

    answer = send(upstream, "GET", "http://seedhook.local/", door=FUNCTION_URL)

    assert (answer.status_code, answer.text) == (502, "Internal Server Error")


@pytest.mark.parametrize("content", [b'{"detail":"bad gateway"}', b"<html>", b"\xff"])
def test_a_bad_gateway_that_a_function_answered_itself_passes_through(content: bytes) -> None:
    answer = send(Upstream(content, status=502), "GET", "http://seedhook.local/")

    assert (answer.status_code, answer.content) == (502, content)
