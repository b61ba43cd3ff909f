"""What Oxen's answers about generations are taken for."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from shared.domain.errors import ErrorCode, ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport, TaskState
from tests.unit.providers.exchange import HTML, KEY, OXEN_OFFER, Does, fails, never_ends, oxen, says

TASK = TaskId("0b5e3c1e-9f0a-4a53-8d2c-3f1d2a5b6c7d")
FILE = "https://hub.oxen.ai/api/repos/ox/images/file/main/a.png"


def row(status: object, **fields: object) -> dict[str, object]:
    return {
        "generation_id": TASK,
        "model_name": "bytedance-seedream-4-5",
        "prompt": "a fox",
        "media_type": "image",
        "status": status,
        "result_url": None,
        "error_message": None,
        "enqueued_at": 1767965610,
        "started_at": None,
        "completed_at": None,
        **fields,
    }


def tasks(*ids: str) -> dict[TaskId, Offer]:
    return {TaskId(task_id): OXEN_OFFER for task_id in ids}


def costs(cost: object) -> Does:
    """A finished generation in the queue, and what the history says of its cost."""
    finished = says(row("succeeded", result_url=FILE))
    history = says(
        {
            "generation": {"generation_id": TASK, "result_url": FILE, "cost": cost},
            "status": "success",
            "status_message": "resource_found",
        }
    )
    return lambda request: (history if "/generations/" in request.url.path else finished)(request)


def report_of(does: Does) -> TaskReport:
    (report,) = oxen(does).report(OXEN_OFFER, [TASK])
    return report


def test_each_generation_is_read_from_the_queue_with_the_key() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return says(row("queued"))(request)

    oxen(answer).report(OXEN_OFFER, [TaskId("a"), TaskId("../../b?c")])

    assert [str(request.url) for request in asked] == [
        "https://hub.oxen.ai/api/ai/queue/a",
        "https://hub.oxen.ai/api/ai/queue/..%2F..%2Fb%3Fc",
    ]
    assert {request.method for request in asked} == {"GET"}
    assert {request.headers["authorization"] for request in asked} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("status", ["queued", "processing"])
def test_a_generation_under_way_has_no_result_and_no_fault(status: str) -> None:
    report = report_of(says(row(status, started_at=1767965611)))

    assert report == TaskReport(task_id=TASK, state=TaskState.PENDING)


def test_a_finished_generation_has_one_image() -> None:
    report = report_of(says(row("succeeded", result_url=FILE, completed_at=1767965652)))

    assert report == TaskReport(task_id=TASK, state=TaskState.SUCCEEDED, result_urls=(FILE,))


@pytest.mark.parametrize("nothing", [{"result_url": None}, {"result_url": ""}])
def test_a_generation_may_finish_without_an_image(nothing: dict[str, Any]) -> None:
    report = report_of(says(row("succeeded", **nothing)))

    assert (report.state, report.result_urls, report.fault) == (TaskState.SUCCEEDED, (), None)


def test_a_row_in_a_wrapper_is_read_like_a_flat_one() -> None:
    wrapped = {"generation": row("succeeded", result_url=FILE), "status": "success"}

    assert report_of(says(wrapped)).result_urls == (FILE,)


@pytest.mark.parametrize(
    ("cost", "charged"),
    [
        ("0.04", "0.04"),
        ("0.0400", "0.0400"),
        ("0.030000000001", "0.030000000001"),
        ("0", "0"),
        ("12", "12"),
        (1, "1"),
        (0.04, "0.04"),
    ],
)
def test_what_an_image_has_cost_is_told_to_the_last_digit(cost: object, charged: str) -> None:
    told = report_of(costs(cost)).charged_usd

    assert type(told) is Decimal
    assert str(told) == charged


@pytest.mark.parametrize(
    "cost",
    [
        *(None, "", "free", "$0.04", "0,04", ".04", "0.", " 0.04", "+0.04", "-0.04", "-0", "0x1"),
        *("1e-2", "1E5", "1_0", "٣", "NaN", "sNaN", "Infinity", "1000", "9" * 400),
        *("0." + "1" * 13, "0.04\n", -1, -0.5, 1e30, 1e-7, 1000, True, False, [], ["0.04"], {}),
        *([0.04], {"usd": "0.04"}),
    ],
    ids=repr,
)
def test_a_cost_that_is_no_sum_for_an_image_is_not_known(cost: object) -> None:
    report = report_of(costs(cost))

    assert (report.state, report.result_urls) == (TaskState.SUCCEEDED, (FILE,))
    assert report.charged_usd is None


@pytest.mark.parametrize(
    "does",
    [
        fails(httpx.ConnectError),
        fails(httpx.ReadTimeout),
        says({"error": {"type": "resource_not_found"}}, status=404),
        says({"generation": {"cost": "0.04"}}, status=500),
        says(HTML),
        says(b""),
        says([]),
        says({"generation": None, "cost": "0.04"}),
        says({"generation": "0.04"}),
        says({"generation": {}}),
        says({"data": {"cost": "0.04"}}),
        never_ends,
    ],
)
def test_without_an_answer_about_the_cost_the_image_is_none_the_worse(does: Does) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        finished = says(row("succeeded", result_url=FILE))
        return (does if "/generations/" in request.url.path else finished)(request)

    assert report_of(answer) == TaskReport(
        task_id=TASK, state=TaskState.SUCCEEDED, result_urls=(FILE,)
    )


def test_the_cost_is_read_from_a_flat_row_too() -> None:
    assert report_of(says(row("succeeded", cost="0.04"))).charged_usd == Decimal("0.04")


def test_the_cost_is_asked_of_the_history_with_the_key_once_the_generation_is_over() -> None:
    asked: list[httpx.Request] = []

    def asked_about(status: str) -> list[str]:
        asked.clear()

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return says(row(status))(request)

        oxen(answer).report(OXEN_OFFER, [TaskId("../../b?c")])
        return [str(request.url) for request in asked]

    queue = "https://hub.oxen.ai/api/ai/queue/..%2F..%2Fb%3Fc"
    for status in ("queued", "processing"):
        assert asked_about(status) == [queue]
    history = "https://hub.oxen.ai/api/ai/generations/..%2F..%2Fb%3Fc"
    for status in ("succeeded", "failed", "cancelled"):
        assert asked_about(status) == [queue, history]
    assert {request.headers["authorization"] for request in asked} == {f"Bearer {KEY}"}


def test_what_else_a_row_holds_is_no_obstacle() -> None:
    fields: dict[str, object] = {"input_image": ["data:image/png;base64,AA"], "size": "4K", "x": {}}

    assert report_of(says(row("succeeded", result_url=FILE, **fields))).result_urls == (FILE,)
    assert report_of(says({"status": "succeeded", "result_url": FILE})).result_urls == (FILE,)


def test_a_row_that_repeats_inline_references_is_read_whole() -> None:
    references = ["data:image/png;base64," + "A" * 4_000_000]

    report = report_of(says(row("succeeded", result_url=FILE, input_image=references)))

    assert report.result_urls == (FILE,)


@pytest.mark.parametrize(
    ("error_message", "code"),
    [
        ("InputTextSensitiveContentDetected: content refused", ErrorCode.CONTENT_POLICY),
        ("flagged as NSFW", ErrorCode.CONTENT_POLICY),
        ("The prompt was rejected by moderation", ErrorCode.CONTENT_POLICY),
        ("InputImageRiskDetection", ErrorCode.CONTENT_POLICY),
        ("Insufficient credits", ErrorCode.PROVIDER_CREDITS),
        ("Timeout while downloading url=https://h.example/a", ErrorCode.REFERENCE_UNREACHABLE),
        ("403 Client Error: Forbidden for url: https://h.ex/", ErrorCode.REFERENCE_UNREACHABLE),
        ("Request timed out", ErrorCode.PROVIDER_TIMEOUT),
        ("Model temporarily unavailable", ErrorCode.PROVIDER_UNAVAILABLE),
        ("aspect_ratio must be one of 1:1, 16:9", ErrorCode.PROVIDER_REJECTED),
        ({"message": "Insufficient credits"}, ErrorCode.PROVIDER_CREDITS),
        (500, ErrorCode.PROVIDER_REJECTED),
    ],
)
def test_a_failed_generation_has_words_and_the_words_a_family(
    error_message: object, code: ErrorCode
) -> None:
    report = report_of(says(row("failed", error_message=error_message)))

    assert report.state is TaskState.FAILED
    assert report.fault is not None
    assert report.fault.code is code


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_generation_may_fail_without_a_word(status: str) -> None:
    fault = report_of(says(row(status))).fault

    assert fault is not None
    assert (fault.code, fault.message) == (
        ErrorCode.PROVIDER_REJECTED,
        f"oxen: the generation was {status}",
    )


NOT_FOUND = {
    "error": {"type": "resource_not_found", "title": "Resource not found"},
    "status": "error",
    "status_message": "resource_not_found",
}
NO_ANSWER = [
    ("no connection", fails(httpx.ConnectError)),
    ("no answer in time", fails(httpx.ReadTimeout)),
    ("404 for the generation", says(NOT_FOUND, status=404)),
    ("404 inside a 200", says(NOT_FOUND)),
    ("401", says({"error": {"message": "Unauthorized"}}, status=401)),
    ("a row under a 500", says(row("failed"), status=500)),
    ("a redirect", says(b"", status=302, location="https://elsewhere.example/")),
    ("HTML in a 200", says(HTML)),
    ("nothing in a 200", says(b"")),
    ("a list", says([row("succeeded")])),
    ("a wrapper around nothing", says({"generation": None, "status": "success"})),
    ("a wrapper around a text", says({"generation": "succeeded"})),
    ("no status", says({"generation_id": TASK})),
    ("a status nobody knows", says(row("expired"))),
    ("a number for a status", says(row(2))),
    ("an object for a link", says(row("succeeded", result_url={"url": FILE}))),
    ("a list for a link", says(row("succeeded", result_url=[FILE]))),
    ("a body without end", never_ends),
]


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in NO_ANSWER])
def test_what_does_not_tell_the_state_of_the_generation_settles_nothing(does: Does) -> None:
    with pytest.raises(ProviderUnreadable, match="oxen"):
        report_of(does)


def test_one_list_tells_what_has_finished_by_leaving_it_out() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        rows = [{**row("queued"), "generation_id": id_, "new": {}} for id_ in ("a", "theirs")]
        return says({"count": 2, "generations": rows, "page": None})(request)

    finished = oxen(answer).finished(tasks("a", "b", "c"))

    assert list(finished) == ["b", "c"]
    assert asked == ["https://hub.oxen.ai/api/ai/queue"]


def test_an_empty_list_means_that_all_has_finished() -> None:
    does = says({"count": 0, "generations": []})

    assert list(oxen(does).finished(tasks(TASK))) == [TASK]


@pytest.mark.parametrize(
    "does",
    [
        says({"count": 0, "generations": []}, status=500),
        says({"count": 0}),
        says({"generations": None}),
        says({"generations": "none"}),
        says({"generations": [{"status": "queued"}]}),
        says({"generations": [TASK]}),
        says([]),
        says(b"[{"),
        says(HTML),
        says(b""),
        says({"error": {"message": "Rate limit exceeded"}}, status=429),
        fails(httpx.ReadTimeout),
        never_ends,
    ],
)
def test_a_list_that_cannot_be_read_does_not_mean_that_all_has_finished(does: Does) -> None:
    with pytest.raises(ProviderUnreadable, match="oxen"):
        oxen(does).finished(tasks(TASK))
