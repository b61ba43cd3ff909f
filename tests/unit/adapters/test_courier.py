"""Posting webhooks: what a receiver answers, and all the ways in which it may not."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from shared.adapters.courier import HttpCourier
from shared.adapters.http import HttpClient
from shared.domain.delivery import KEPT_ANSWER
from shared.ports.webhooks import Reply
from tests.unit.adapters.sites import Site

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

BODY = '{"id":"evt_1","fox":"🦊"}'.encode()
HEADERS = {"webhook-id": "evt_1", "content-type": "application/json"}


@contextmanager
def receiver(answer: Callable[[bytes], Iterable[bytes]]) -> Iterator[Site]:
    with Site(answer) as site:
        thread = Thread(target=site.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


def posted(*answer: bytes) -> Reply:
    with receiver(lambda _: answer) as site:
        courier = HttpCourier(HttpClient(loopback_origins=frozenset({site.place})))
        return courier(site.url, headers=HEADERS, body=BODY)


def test_the_body_arrives_byte_for_byte_and_the_headers_with_it() -> None:
    with receiver(lambda _: [b"HTTP/1.1 204 No Content\r\n\r\n"]) as site:
        courier = HttpCourier(HttpClient(loopback_origins=frozenset({site.place})))
        reply = courier(f"{site.url}/hook?x=1", headers=HEADERS, body=BODY)

        (request,) = site.requests

    assert (reply.status, reply.error) == (204, None)
    assert request.startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n" + BODY)
    assert site.header("webhook-id") == ["evt_1"]
    assert site.header("content-type") == ["application/json"]


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    reply = posted(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n")

    assert (reply.status, reply.error) == (307, None)


def test_of_a_long_answer_the_first_four_kilobytes_are_kept() -> None:
    long = 10 * KEPT_ANSWER * b"x"
    head = b"HTTP/1.1 500 Oops\r\ncontent-length: %d\r\n\r\n" % len(long)

    reply = posted(head, long)

    assert (reply.status, reply.answer) == (500, KEPT_ANSWER * "x")


def test_the_status_counts_even_if_the_rest_never_comes() -> None:
    reply = posted(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n", b"half")

    assert (reply.status, reply.answer) == (200, "half")


def test_what_a_stranger_sends_is_kept_without_control_characters() -> None:
    reply = posted(b"HTTP/1.1 500 Oops\r\ncontent-length: 7\r\n\r\n", b"\0\x1b\xff[a\nb")

    assert reply.answer == "\ufffd\ufffd\ufffd[a\nb"


def test_what_the_receiver_asks_for_is_handed_on() -> None:
    reply = posted(b"HTTP/1.1 503 Busy\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n")

    assert reply.retry_after == "120"


def test_nobody_listening_is_an_outcome() -> None:
    with receiver(lambda _: []) as site:
        gone = site.place
    courier = HttpCourier(HttpClient(loopback_origins=frozenset({gone})))

    reply = courier(f"http://{gone}", headers=HEADERS, body=BODY)

    assert (reply.status, reply.error) == (None, "no connection")


def test_an_answer_that_is_none_is_an_outcome() -> None:
    assert posted(b"garbage\r\n\r\n").error == "the exchange broke off"


def test_a_receiver_that_never_answers_is_left_after_fifteen_seconds() -> None:
    clock = itertools.chain([0.0, 0.0, 1.0, 2.0, 3.0], itertools.repeat(16.0)).__next__
    with receiver(lambda _: [b"HTTP/1.1 200 OK\r\n"]) as site:
        http = HttpClient(loopback_origins=frozenset({site.place}), monotonic=clock)
        reply = HttpCourier(http, monotonic=iter([0.0, 15.0]).__next__)(
            site.url, headers=HEADERS, body=BODY
        )

    assert (reply.error, reply.milliseconds) == ("no answer within 15 seconds", 15000)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["93.184.215.14", "127.0.0.1"]])
def test_the_address_behind_the_name_is_vetted_at_every_delivery(addresses: list[str]) -> None:
    courier = HttpCourier(HttpClient(resolve=lambda _: addresses))

    reply = courier("https://rebound.example/hook", headers=HEADERS, body=BODY)

    assert (reply.status, reply.error) == (None, "the address is not public")


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://shop.example/hook?x=1", True),
        ("https://shop.example:443/hook", True),
        ("http://127.0.0.1:9000/hook", True),
        ("http://127.0.0.1:9001/hook", False),
        ("http://shop.example/hook", False),
        ("https://shop.example:8443/hook", False),
        ("https://93.184.215.14/hook", False),
        ("https://user@shop.example/", False),
        ("https://localhost/", False),
        ("https://[::1]/", False),
        ("ftp://shop.example/", False),
        ("", False),
    ],
)
def test_which_urls_may_be_called_at_all(url: str, is_allowed: bool) -> None:  # noqa: FBT001  a table
    http = HttpClient(loopback_origins=frozenset({"127.0.0.1:9000"}))

    assert http.allows(url) is is_allowed
