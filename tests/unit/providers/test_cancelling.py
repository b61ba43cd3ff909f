"""Stopping tasks: asked for where a provider can, and never an error."""

from collections.abc import Callable

import httpx
import pytest

from shared.domain.ids import TaskId
from shared.ports.providers import Provider, Recovery
from tests.unit.providers.exchange import (
    APIXO_OFFER,
    HTML,
    KEY,
    OXEN_OFFER,
    Does,
    an_order,
    apixo,
    fails,
    oxen,
    says,
)


def asked_by(make: Callable[[Does], Provider], *task_ids: str) -> list[httpx.Request]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return says({"status": "success"})(request)

    offer = OXEN_OFFER if make is oxen else APIXO_OFFER
    make(answer).cancel(offer, [TaskId(task_id) for task_id in task_ids])
    return asked


def test_oxen_is_asked_to_drop_each_generation() -> None:
    asked = asked_by(oxen, "a", "../../b?c")

    assert [(request.method, str(request.url)) for request in asked] == [
        ("DELETE", "https://hub.oxen.ai/api/ai/queue/a"),
        ("DELETE", "https://hub.oxen.ai/api/ai/queue/..%2F..%2Fb%3Fc"),
    ]
    assert {request.headers["authorization"] for request in asked} == {f"Bearer {KEY}"}


def test_apixo_has_no_way_to_be_asked() -> None:
    assert asked_by(apixo, "a", "b") == []


@pytest.mark.parametrize(
    "does",
    [
        fails(httpx.ConnectError),
        fails(httpx.ReadTimeout),
        fails(httpx.RemoteProtocolError),
        says(HTML, status=502),
        says(b"", status=404),
        says({"error": "x"}, status=401),
        says(b"", status=429),
        says(b"", status=204),
        says(HTML),
    ],
)
def test_whatever_oxen_says_to_that_is_no_error(does: Does) -> None:
    oxen(does).cancel(OXEN_OFFER, [TaskId("a"), TaskId("b")])


def test_one_that_cannot_be_reached_keeps_none_of_the_others() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return fails(httpx.ConnectError)(request)

    oxen(answer).cancel(OXEN_OFFER, [TaskId("a"), TaskId("b")])

    assert len(asked) == 2


def test_apixo_echoes_nothing_so_nothing_is_looked_for() -> None:
    provider = apixo(fails(httpx.ConnectError))
    order = an_order(APIXO_OFFER)

    assert provider.compose(order).fingerprint == ""
    assert provider.recover(APIXO_OFFER, order.submission, name="job_1.1.1") == Recovery()
