"""A call whose answer was lost: the log of requests tells whether it ran, and what it has cost."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from shared.domain.errors import ErrorCode, ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.reports import TaskState
from shared.domain.submission import Submission
from shared.ports.providers import Recovery
from tests.unit.providers.exchange import (
    AIMLAPI_OFFER,
    HTML,
    Does,
    a_submission,
    aimlapi,
    fails,
    says,
)

NAME = "job_1.1.1"
SENT_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SUBMISSION = a_submission(AIMLAPI_OFFER).sending(SENT_AT, fingerprint="")
NOBODY_KNOWS = Recovery()


def row(**fields: Any) -> dict[str, Any]:
    return {
        "created": "2026-11-20T12:00:01.000Z",
        "status": "succeeded",
        "origin": "api",
        "model": "bytedance/seedream-4-5",
        "cost": {"usd": 0.042, "credits": 84000},
        "tokens": {"input": 0, "output": 0, "total": 0},
        "request_id": "req-1",
        "inference_id": "inf-1",
        "client_request_id": NAME,
        **fields,
    }


def page(*rows: object, more: object = False) -> dict[str, Any]:
    return {"data": list(rows), "pagination": {"total": len(rows), "has_more": more}}


def recovered(does: Does, *, submission: Submission = SUBMISSION) -> Recovery:
    return aimlapi(does).recover(AIMLAPI_OFFER, submission, name=NAME)


def told(does: Does) -> tuple[ErrorCode, Decimal | None]:
    report = recovered(does).report
    assert report
    assert report.fault
    assert (report.state, report.result_urls) == (TaskState.FAILED, ())
    return report.fault.code, report.charged_usd


def test_an_image_whose_answer_was_lost_is_gone_but_its_cost_is_known() -> None:
    report = recovered(says(page(row()))).report

    assert report
    assert report.fault
    assert report.fault.code is ErrorCode.RESULT_GONE
    assert "made the image and billed it, but its answer was lost" in report.fault.message
    assert (report.task_id, report.state) == (TaskId("inf-1"), TaskState.FAILED)
    assert report.charged_usd == Decimal("0.042")


def test_a_call_that_failed_has_cost_nothing_and_may_be_tried_elsewhere() -> None:
    report = recovered(says(page(row(status="failed", cost={"usd": 0, "credits": 0})))).report

    assert report
    assert report.fault
    assert report.fault.code is ErrorCode.PROVIDER_UNAVAILABLE
    assert report.fault.message == "AI/ML API ran the request, failed it and charged nothing"
    assert (report.state, report.charged_usd) == (TaskState.FAILED, Decimal(0))


GONE, FAILED = ErrorCode.RESULT_GONE, ErrorCode.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    ("rows", "fate"),
    [
        ([row(cost=None)], (GONE, None)),
        ([row(cost={"usd": "a lot"})], (GONE, None)),
        ([row(cost={"usd": -1})], (GONE, None)),
        ([row(cost=[0.042])], (GONE, None)),
        ([row(inference_id=None, extra={"a": [1]})], (GONE, Decimal("0.042"))),
        ([row(status="failed", cost=None)], (FAILED, Decimal(0))),
        ([row(status="failed")], (FAILED, Decimal("0.042"))),
        ([row(status="failed"), row()], (GONE, Decimal("0.042"))),
        ([7, None, "row", [row()], row()], (GONE, Decimal("0.042"))),
        ([row(client_request_id=f"{NAME}0"), row()], (GONE, Decimal("0.042"))),
    ],
)
def test_a_row_that_bears_our_name_is_believed_as_far_as_it_can_be_read(
    rows: list[object], fate: tuple[ErrorCode, Decimal | None]
) -> None:
    assert told(says(page(*rows))) == fate


def test_a_failure_that_was_charged_says_so() -> None:
    report = recovered(says(page(row(status="failed")))).report

    assert report
    assert report.fault
    assert "charged for it all the same" in report.fault.message


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row(client_request_id=None)],
        [row(client_request_id="job_1.1.2")],
        [row(client_request_id=f" {NAME}")],
        [row(client_request_id=[NAME])],
        [row(status="processing")],
        [row(status=None)],
        [{}],
    ],
)
def test_without_an_ended_row_of_our_name_nobody_knows(rows: list[object]) -> None:
    assert recovered(says(page(*rows))) == NOBODY_KNOWS


@pytest.mark.parametrize(
    "does",
    [
        fails(httpx.ConnectError),
        fails(httpx.ReadTimeout),
        says(HTML, status=502),
        says(HTML),
        says(b""),
        says(b"null"),
        says([row()]),
        says({}),
        says({"data": None}),
        says({"data": {"0": row()}}),
        says({"message": "Too Many Requests"}, status=429),
        says({"message": "A valid API key is required"}, status=401),
    ],
)
def test_a_log_that_cannot_be_read_is_asked_for_again(does: Does) -> None:
    with pytest.raises(ProviderUnreadable, match=r"^aimlapi: "):
        recovered(does)


def test_the_log_is_asked_about_the_time_of_sending_and_the_model_by_all_its_names() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return says(page())(request)

    recovered(answer)

    (request,) = asked
    url = urlsplit(str(request.url))
    assert (request.method, url.netloc, url.path) == ("GET", "api.aimlapi.com", "/v2/logs")
    assert parse_qsl(url.query) == [
        ("start", "2026-11-20T11:58:00.000Z"),
        ("end", "2026-11-20T12:05:00.000Z"),
        ("model", "bytedance/seedream-4-5"),
        ("model", "seedream-4-5-251128"),
        ("limit", "100"),
        ("offset", "0"),
    ]


@pytest.mark.parametrize(("has_more", "pages"), [(True, 5), (False, 1), (None, 1), ("yes", 1)])
def test_a_few_pages_are_read_and_no_more(has_more: object, pages: int) -> None:
    offsets: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        offsets.append(request.url.params["offset"])
        return says(page(row(client_request_id="another"), more=has_more))(request)

    assert recovered(answer) == NOBODY_KNOWS
    assert offsets == ["0", "100", "200", "300", "400"][:pages]


def test_an_empty_page_is_the_last_whatever_it_says() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return says(page(more=True))(request)

    recovered(answer)

    assert len(asked) == 1


def test_what_was_never_sent_is_not_looked_for() -> None:
    unsent = a_submission(AIMLAPI_OFFER)

    assert recovered(fails(httpx.ConnectError), submission=unsent) == NOBODY_KNOWS


def test_there_are_no_tasks_to_ask_about_or_to_stop() -> None:
    provider, tasks = aimlapi(fails(httpx.ConnectError)), [TaskId("inf-1")]

    provider.cancel(AIMLAPI_OFFER, tasks)

    assert provider.finished(dict.fromkeys(tasks, AIMLAPI_OFFER)) == []
    with pytest.raises(ProviderUnreadable, match=r"^aimlapi: there are no tasks"):
        provider.report(AIMLAPI_OFFER, tasks)
