"""The adapter against the sandbox: what was enqueued is found again, and can be stopped."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from local.sandbox.server import RunningSandbox, running_sandbox
from shared.adapters.http import HttpClient
from shared.adapters.providers.oxen import Oxen
from shared.domain.ids import TaskId
from shared.domain.reports import TaskState
from shared.domain.submission import Submission
from shared.ports.providers import Order
from tests.unit.providers.exchange import OXEN_OFFER, an_order, submitted

FOREVER = 1000  # latency: what is enqueued stays so


@pytest.fixture(scope="module", params=[0, FOREVER], ids=["over", "running"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    with running_sandbox(latency=request.param) as running:
        yield running


@pytest.fixture
def oxen(sandbox: RunningSandbox, socket_enabled: None) -> Oxen:
    del socket_enabled
    http = HttpClient(loopback_origins=frozenset({urlsplit(sandbox.oxen_url).netloc}))
    return Oxen(http, base_url=sandbox.oxen_url, key=lambda: "any-key")


def sent(oxen: Oxen, order: Order) -> Submission:
    fingerprint = oxen.compose(order).fingerprint
    return order.submission.sending(datetime.now(UTC), fingerprint=fingerprint)


def found(oxen: Oxen, submission: Submission) -> tuple[TaskId, ...]:
    return oxen.recover(OXEN_OFFER, submission, name="job_1.1.1").task_ids


@pytest.mark.parametrize(
    "order",
    [
        an_order(OXEN_OFFER, prompt="plain"),
        an_order(OXEN_OFFER, prompt='odd: "é" 🦊 \\ \n \u202e', n=4, seed=-7),
        an_order(OXEN_OFFER, prompt="all", n=2, resolution="4K", aspect_ratio="16:9", seed=2**62),
        an_order(OXEN_OFFER, prompt="edit", references=("https://example.com/a.png?x=1&y=%20",)),
    ],
    ids=["plain", "odd", "all fields", "edit"],
)
def test_what_was_enqueued_is_found_again(oxen: Oxen, order: Order) -> None:
    submission = sent(oxen, order)
    task_ids = submitted(oxen, order).task_ids

    assert sorted(found(oxen, submission)) == sorted(task_ids)


def test_two_identical_requests_are_found_together(oxen: Oxen) -> None:
    order = an_order(OXEN_OFFER, prompt="twice")
    submission = sent(oxen, order)
    both = [*submitted(oxen, order).task_ids, *submitted(oxen, order).task_ids]

    assert sorted(found(oxen, submission)) == sorted(both)


def test_what_was_never_enqueued_is_not_found(oxen: Oxen) -> None:
    submitted(oxen, an_order(OXEN_OFFER, prompt="never", seed=1))

    assert found(oxen, sent(oxen, an_order(OXEN_OFFER, prompt="never"))) == ()


def test_a_cancelled_generation_has_come_to_an_end(oxen: Oxen) -> None:
    order = an_order(OXEN_OFFER, prompt="stop", n=2)
    task_ids = submitted(oxen, order).task_ids

    oxen.cancel(order.offer, task_ids)

    assert set(oxen.finished(dict.fromkeys(task_ids, OXEN_OFFER))) == set(task_ids)
    assert TaskState.PENDING not in {r.state for r in oxen.report(order.offer, task_ids)}
