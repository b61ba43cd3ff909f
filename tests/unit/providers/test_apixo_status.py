"""What APIXO's answers about a task are taken for."""

import json
import threading
from typing import Any

import httpx
import pytest

from shared.domain.errors import ErrorCode, ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport, TaskState
from tests.unit.providers.exchange import (
    APIXO_OFFER,
    HTML,
    KEY,
    Does,
    apixo,
    fails,
    never_ends,
    says,
)

TASK = TaskId("task_12345678")
FILES = ("https://file.apixo.ai/img1.png", "https://file.apixo.ai/img2.png")
RESULTS = json.dumps({"resultUrls": FILES})


def task(state: object, *, code: object = 200, **fields: object) -> Does:
    data = {"taskId": TASK, "state": state, "createTime": 1767965610929, **fields}
    return says({"code": code, "message": "success", "data": data})


def tasks(*ids: str) -> dict[TaskId, Offer]:
    return {TaskId(task_id): APIXO_OFFER for task_id in ids}


def report_of(does: Does) -> TaskReport:
    (report,) = apixo(does).report(APIXO_OFFER, [TASK])
    return report


def test_a_task_is_asked_about_under_its_model_with_the_key() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return task("processing")(request)

    apixo(answer).report(APIXO_OFFER, [TaskId("a"), TaskId("b c&d=/é")])

    assert [str(request.url) for request in asked] == [
        "https://api.apixo.ai/api/v1/statusTask/seedream-4-5?taskId=a",
        "https://api.apixo.ai/api/v1/statusTask/seedream-4-5?taskId=b%20c%26d%3D%2F%C3%A9",
    ]
    assert {request.method for request in asked} == {"GET"}
    assert {request.headers["authorization"] for request in asked} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("state", ["pending", "processing"])
@pytest.mark.parametrize(
    "nothing", [{}, {"resultJson": ""}, {"resultJson": None, "failCode": None}]
)
def test_a_task_under_way_has_no_result_and_no_fault(state: str, nothing: dict[str, Any]) -> None:
    assert report_of(task(state, **nothing)) == TaskReport(task_id=TASK, state=TaskState.PENDING)


def test_a_finished_task_has_its_images_in_order() -> None:
    does = task("success", resultJson=RESULTS, completeTime=1767965652317, costTime=41388)

    assert report_of(does) == TaskReport(task_id=TASK, state=TaskState.SUCCEEDED, result_urls=FILES)


@pytest.mark.parametrize(
    "fields",
    [
        {"traceId": "x", "progress": [1, {"a": None}]},
        {"createTime": "2026-11-20T12:00:00Z", "completeTime": None},
        {"failCode": None, "failMsg": ""},
        {"resultJson": json.dumps({"resultUrls": FILES, "seeds": [1, 2]})},
        {"resultJson": {"resultUrls": FILES}},
    ],
)
def test_what_else_an_answer_holds_is_no_obstacle(fields: dict[str, Any]) -> None:
    report = report_of(task("success", **{"resultJson": RESULTS, **fields}))

    assert report.result_urls == FILES


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"resultJson": None},
        {"resultJson": ""},
        {"resultJson": "{}"},
        {"resultJson": '{"resultUrls": []}'},
        {"resultJson": '{"resultUrls": null}'},
    ],
)
def test_a_task_may_finish_without_an_image(fields: dict[str, Any]) -> None:
    report = report_of(task("success", **fields))

    assert (report.state, report.result_urls, report.fault) == (TaskState.SUCCEEDED, (), None)


@pytest.mark.parametrize(
    "result_json",
    [
        "https://file.apixo.ai/img1.png",
        '{"resultUrls": ["https://file.apixo.ai/i',
        "null",
        "[]",
        '"text"',
        '{"resultUrls": "https://file.apixo.ai/img1.png"}',
        '{"resultUrls": {"0": "https://file.apixo.ai/img1.png"}}',
        '{"resultUrls": [1]}',
        '{"resultUrls": [null]}',
        '{"resultUrls": [["https://file.apixo.ai/img1.png"]]}',
        "[" * 100_000,
        7,
        True,
        ["https://file.apixo.ai/img1.png"],
    ],
)
def test_results_that_cannot_be_read_are_asked_for_again_not_given_up(result_json: object) -> None:
    with pytest.raises(ProviderUnreadable, match="results cannot be read"):
        report_of(task("success", resultJson=result_json))


def test_results_that_cannot_be_read_matter_only_when_the_task_is_done() -> None:
    assert report_of(task("processing", resultJson="soon")).state is TaskState.PENDING
    assert report_of(task("failed", resultJson="none")).state is TaskState.FAILED


@pytest.mark.parametrize(
    ("fail_code", "code"),
    [
        ("SensitiveContent", ErrorCode.CONTENT_POLICY),
        ("SensitiveContentDetected", ErrorCode.CONTENT_POLICY),
        ("InputImageSensitiveContentDetected", ErrorCode.CONTENT_POLICY),
        ("InputOutputSensitiveContentDetected", ErrorCode.CONTENT_POLICY),
        ("NSFW", ErrorCode.CONTENT_POLICY),
        ("ProhibitedContentDetected", ErrorCode.CONTENT_POLICY),
        ("PromptLengthExceeded", ErrorCode.INVALID_INPUT),
        ("CONTENT_VIOLATION", ErrorCode.CONTENT_POLICY),
        ("NSFW_DETECTED", ErrorCode.CONTENT_POLICY),
        ("PROMPT_TOO_LONG", ErrorCode.INVALID_INPUT),
        ("INVALID_PROMPT", ErrorCode.INVALID_INPUT),
        ("IMAGE_TOO_LARGE", ErrorCode.INVALID_INPUT),
        ("UNSUPPORTED_FORMAT", ErrorCode.INVALID_INPUT),
        ("INVALID_IMAGE_URL", ErrorCode.REFERENCE_UNREACHABLE),
        ("IMAGE_DOWNLOAD_FAILED", ErrorCode.REFERENCE_UNREACHABLE),
        ("PROCESSING_TIMEOUT", ErrorCode.PROVIDER_TIMEOUT),
        ("MODEL_UNAVAILABLE", ErrorCode.PROVIDER_UNAVAILABLE),
        ("GENERATION_FAILED", ErrorCode.PROVIDER_REJECTED),
        ("INSUFFICIENT_CREDITS", ErrorCode.PROVIDER_CREDITS),
        ("SomethingNobodyKnows", ErrorCode.PROVIDER_REJECTED),
        (1001, ErrorCode.PROVIDER_REJECTED),
        (None, ErrorCode.PROVIDER_REJECTED),
    ],
)
def test_a_failed_task_has_failed_under_code_200_and_its_words_have_a_family(
    fail_code: object, code: ErrorCode
) -> None:
    report = report_of(task("failed", failCode=fail_code, failMsg="It did not work"))

    assert report.state is TaskState.FAILED
    assert report.fault is not None
    assert report.fault.code is code


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"failCode": "NSFW", "failMsg": "Not this\none"}, "apixo: NSFW Not this one"),
        ({"failCode": "NSFW"}, "apixo: NSFW"),
        ({"failMsg": "Not this"}, "apixo: Not this"),
        ({"failCode": "", "failMsg": None}, "apixo: the task failed"),
        ({"failMsg": "x" * 5000}, f"apixo: {'x' * 300}"),
        (
            {"failMsg": "red \x1b[31m, nul \x00, half a pair \ud83d."},
            "apixo: red [31m, nul , half a pair .",
        ),
    ],
)
def test_the_reason_of_a_failure_is_apixos_own(fields: dict[str, Any], message: str) -> None:
    fault = report_of(task("failed", **fields)).fault

    assert fault is not None
    assert fault.message == message


NO_ANSWER = [
    ("no connection", fails(httpx.ConnectError)),
    ("no answer in time", fails(httpx.ReadTimeout)),
    ("a connection cut", fails(httpx.RemoteProtocolError)),
    ("404 for the task", says({"code": 404, "message": "Task not found", "data": {}}, status=404)),
    ("404 for the task inside a 200", says({"code": 404, "message": "Task not found"})),
    ("401", says({"code": 401, "message": "Unauthorized", "data": {}}, status=401)),
    ("429", says(b"", status=429)),
    ("503", says(HTML, status=503)),
    ("a redirect", says(b"", status=302, location="https://elsewhere.example/")),
    ("HTML in a 200", says(HTML)),
    ("nothing in a 200", says(b"")),
    ("a list", says([])),
    ("no data", says({"code": 200})),
    ("a list for data", says({"code": 200, "data": ["failed"]})),
    ("no state", says({"code": 200, "data": {"taskId": TASK}})),
    ("a state nobody knows", task("retrying")),
    ("a state in capitals", task("SUCCESS", resultJson=RESULTS)),
    ("a number for a state", task(3)),
    ("null for a state", task(None)),
    ("a failure that the call itself had", task("failed", code=500)),
    ("a body without end", never_ends),
]


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in NO_ANSWER])
def test_what_does_not_tell_the_state_of_the_task_settles_nothing(does: Does) -> None:
    with pytest.raises(ProviderUnreadable, match="apixo"):
        report_of(does)


@pytest.mark.parametrize("state", ["failed", "success"])
def test_a_state_under_an_error_status_is_not_believed(state: str) -> None:
    body = {"code": 200, "data": {"taskId": TASK, "state": state}}

    with pytest.raises(ProviderUnreadable, match="HTTP 500"):
        report_of(says(body, status=500))


def test_finished_tasks_are_those_that_ended_well_or_badly() -> None:
    answers = {
        "a": task("pending"),
        "b": task("processing"),
        "c": task("success", resultJson=RESULTS),
        "d": task("failed"),
        "e": says(HTML, status=502),
        "f": fails(httpx.ReadTimeout),
        "g": task("success", resultJson="unreadable"),
    }

    def answer(request: httpx.Request) -> httpx.Response:
        return answers[request.url.params["taskId"]](request)

    assert list(apixo(answer).finished(tasks(*answers))) == ["c", "d"]
    assert list(apixo(answer).finished({})) == []


def test_many_tasks_are_asked_about_at_once_but_no_more_than_eight() -> None:
    eight_together = threading.Barrier(8)
    lock = threading.Lock()
    under_way = most = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        eight_together.wait(timeout=5)  # fails unless eight are asked about at once
        with lock:
            under_way -= 1
        return task("failed")(request)

    forty = tasks(*map(str, range(40)))

    assert list(apixo(answer).finished(forty)) == list(forty)
    assert most == 8
