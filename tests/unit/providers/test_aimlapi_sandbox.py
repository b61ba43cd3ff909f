"""The adapter against the sandbox: what it does there, and what its log tells afterwards."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from local.sandbox.server import RunningSandbox, running_sandbox
from shared.adapters.http import HttpClient
from shared.adapters.providers.aimlapi import Aimlapi
from shared.domain.errors import ErrorCode, FateUnknown, Refused
from shared.domain.ids import JobId
from shared.domain.reports import TaskReport
from shared.domain.submission import name_of
from shared.ports.providers import Order, Recovery
from tests.unit.providers.exchange import AIMLAPI_OFFER, an_order, outcome, submitted
from tests.unit.providers.outcomes import AUTH, CREDITS, POLICY, SLOW_DOWN, UNKNOWN

pytestmark = pytest.mark.usefixtures("socket_enabled")

ANY_KEY = "any-key"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(running: RunningSandbox, socket_enabled: None) -> Iterator[RunningSandbox]:
    del socket_enabled
    yield running
    suffer(running)


@pytest.fixture
def aimlapi(sandbox: RunningSandbox) -> Aimlapi:
    http = HttpClient(loopback_origins=frozenset({urlsplit(sandbox.aimlapi_url).netloc}))
    return Aimlapi(http, base_url=sandbox.aimlapi_url, key=lambda: ANY_KEY)


def suffer(sandbox: RunningSandbox, *faults: dict[str, Any]) -> None:
    plan = {"aimlapi": [*faults]}
    httpx.put(sandbox.faults_url, json=plan, trust_env=False).raise_for_status()


def an_order_of(job: str, *, prompt: str = "a fox") -> Order:
    """Return an order of a job of its own, written down as sent."""
    order = an_order(AIMLAPI_OFFER, prompt=prompt)
    submission = order.submission.sending(datetime.now(UTC), fingerprint="")
    return replace(order, job_id=JobId(job), submission=submission)


def found(aimlapi: Aimlapi, order: Order) -> TaskReport | None:
    name = name_of(order.job_id, order.submission)
    return aimlapi.recover(order.offer, order.submission, name=name).report


def fate(aimlapi: Aimlapi, order: Order) -> tuple[ErrorCode, Decimal | None] | None:
    report = found(aimlapi, order)
    return (report.fault.code, report.charged_usd) if report and report.fault else None


@pytest.mark.parametrize(
    ("fault", "becomes"),
    [
        ({"fault": "submit-dropped"}, UNKNOWN),
        ({"fault": "submit-error", "status": 503}, UNKNOWN),
        ({"fault": "submit-html"}, UNKNOWN),
        ({"fault": "submit-rate-limited", "retry_after": 7}, f"{SLOW_DOWN}, wait 7"),
        ({"fault": "submit-key-revoked"}, AUTH),
        ({"fault": "submit-credits-gone"}, CREDITS),
        ({"fault": "answer-dropped"}, UNKNOWN),
        ({"fault": "answer-error", "status": 504}, UNKNOWN),
        ({"fault": "answer-html"}, UNKNOWN),
        ({"fault": "answer-empty"}, UNKNOWN),
        ({"fault": "task-refused"}, POLICY),
        ({"fault": "task-empty"}, "made: nothing"),
        ({"fault": "task-failed"}, UNKNOWN),
    ],
    ids=lambda value: value["fault"] if isinstance(value, dict) else "",
)
def test_each_fault_becomes_what_it_is(
    sandbox: RunningSandbox, aimlapi: Aimlapi, fault: dict[str, Any], becomes: str
) -> None:
    suffer(sandbox, fault)

    assert outcome(aimlapi, an_order(AIMLAPI_OFFER)) == becomes


def test_an_image_that_was_made_is_in_the_log_with_its_cost(
    sandbox: RunningSandbox, aimlapi: Aimlapi
) -> None:
    order = an_order_of("job_made")
    acceptance = submitted(aimlapi, order)

    report = found(aimlapi, order)

    assert acceptance.made
    assert acceptance.made.urls[0].startswith(sandbox.base_url)
    assert acceptance.made.charged_usd == Decimal("0.042")
    assert report
    assert (report.task_id,) == acceptance.task_ids
    assert report.charged_usd == Decimal("0.042")


def test_a_call_that_breaks_off_may_have_been_billed_and_the_log_knows(
    sandbox: RunningSandbox, aimlapi: Aimlapi
) -> None:
    suffer(sandbox, {"fault": "answer-dropped"})
    order = an_order_of("job_lost")
    with pytest.raises(FateUnknown):
        submitted(aimlapi, order)

    assert fate(aimlapi, order) == (ErrorCode.RESULT_GONE, Decimal("0.042"))


def test_a_call_that_failed_has_cost_nothing_and_the_log_knows(
    sandbox: RunningSandbox, aimlapi: Aimlapi
) -> None:
    suffer(sandbox, {"fault": "task-failed"})
    order = an_order_of("job_failed")
    with pytest.raises(FateUnknown):
        submitted(aimlapi, order)

    assert fate(aimlapi, order) == (ErrorCode.PROVIDER_UNAVAILABLE, Decimal(0))


def test_a_call_that_never_arrived_is_not_in_the_log(
    sandbox: RunningSandbox, aimlapi: Aimlapi
) -> None:
    suffer(sandbox, {"fault": "submit-dropped"})
    order = an_order_of("job_nowhere")
    with pytest.raises(FateUnknown):
        submitted(aimlapi, order)

    assert fate(aimlapi, order) is None


def test_a_call_is_found_behind_many_others(aimlapi: Aimlapi) -> None:
    order = an_order_of("job_first", prompt="[refuse]")
    for one in (order, *(an_order_of(f"job_{n}", prompt="[refuse]") for n in range(101))):
        with pytest.raises(Refused):
            submitted(aimlapi, one)

    assert fate(aimlapi, order) == (ErrorCode.PROVIDER_UNAVAILABLE, Decimal(0))


def test_what_was_sent_at_another_time_or_for_another_job_is_not_found(aimlapi: Aimlapi) -> None:
    order = an_order_of("job_elsewhen")
    submitted(aimlapi, order)
    hours_ago = datetime.now(UTC) - timedelta(hours=1)
    earlier = replace(order.submission, sent_at=hours_ago)

    name = name_of(order.job_id, order.submission)
    assert aimlapi.recover(order.offer, earlier, name=name) == Recovery()
    assert aimlapi.recover(order.offer, order.submission, name="job_else.1.1") == Recovery()
