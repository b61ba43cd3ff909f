"""Jobs and batches, watched until they are over; lists, page by page."""

from typing import Any

import pytest

from client.seedhook import JobFailed, StillRunning
from tests.unit.client.library.played import a_job, answer, playing

OVER = {"completed_at": "2026-11-20T12:01:00.000Z"}


def a_batch(status: str = "running", **counts: int) -> dict[str, Any]:
    over = OVER if status == "completed" else {"completed_at": None}
    return {
        "id": "batch_1",
        "object": "batch",
        "status": status,
        "lines": 4,
        "counts": counts,
    } | over


def test_each_state_is_given_once_by_long_polls() -> None:
    client, api = playing(
        answer(a_job("queued", 1)),
        answer(a_job("processing", 3)),
        answer(a_job("processing", 3)),
        answer(a_job("succeeded", 5, **OVER)),
        latency=20,
    )

    states = [job.status for job in client.watch("job_1")]

    assert states == ["queued", "processing", "succeeded"]
    assert api.lines == ["GET /v1/jobs/job_1", *["GET /v1/jobs/job_1?wait=25"] * 3]
    assert api.slept == []


def test_an_api_that_does_not_hold_back_is_not_asked_in_a_circle() -> None:
    client, api = playing(*[answer(a_job())] * 3, answer(a_job("failed", 2, **OVER)))

    client.wait("job_1")

    assert api.slept == [1.0, 1.0]


def test_patience_ends_and_the_job_goes_on() -> None:
    client, api = playing(answer(a_job()), answer(a_job("processing", 2)), latency=20)

    with pytest.raises(StillRunning, match="job_1 is still processing") as caught:
        client.wait("job_1", timeout=30)

    assert caught.value.job.status == "processing"
    assert api.lines[-1] == "GET /v1/jobs/job_1?wait=10"


def test_a_job_that_is_over_is_asked_about_once() -> None:
    client, api = playing(answer(a_job("expired", 7)))

    assert client.wait("job_1", timeout=0).status == "expired"
    assert len(api.asked) == 1


@pytest.mark.parametrize("status", ["partial", "failed", "cancelled", "expired"])
def test_a_job_that_did_not_bring_all_fails_its_check(status: str) -> None:
    fault = {"code": "content_policy", "message": "not this", "who": "provider", "retryable": False}
    client, _ = playing(answer(a_job(status, error=fault)), answer(a_job("succeeded")))

    with pytest.raises(JobFailed, match=rf"{status}: not this \(content_policy\)") as caught:
        client.get("job_1").checked()

    assert caught.value.job.error is not None
    assert client.get("job_1").checked().succeeded


def test_a_list_goes_on_where_the_last_page_ended() -> None:
    client, api = playing(
        answer({"data": [a_job(), a_job()], "cursor": "c/1"}),
        answer({"data": [], "cursor": "c2"}),
        answer({"data": [a_job()]}),
    )

    assert len(list(client.list(status="failed", tag=None))) == 3
    assert api.lines == [
        "GET /v1/jobs?status=failed&limit=100",
        "GET /v1/jobs?status=failed&limit=100&cursor=c%2F1",
        "GET /v1/jobs?status=failed&limit=100&cursor=c2",
    ]


def test_a_list_ends_at_its_limit_and_asks_for_no_more() -> None:
    client, api = playing(
        answer({"data": [a_job(), a_job()], "cursor": "c1"}),
        answer({"data": [a_job()], "cursor": "c2"}),
    )

    assert len(list(client.list(limit=3))) == 3
    assert api.lines == ["GET /v1/jobs?limit=3", "GET /v1/jobs?limit=1&cursor=c1"]


def test_a_list_of_which_one_is_wanted_asks_for_one_page() -> None:
    client, api = playing(answer({"data": [a_job(), a_job()], "cursor": "c1"}))

    next(iter(client.list()))

    assert len(api.asked) == 1


def test_a_batch_is_looked_at_until_it_is_over() -> None:
    client, api = playing(
        answer(a_batch(in_flight=2)),
        answer(a_batch(in_flight=2)),
        answer(a_batch("completed", succeeded=3, refused=1)),
    )

    seen = list(client.watch_batch("batch_1"))

    assert [batch.done for batch in seen] == [0, 4]
    assert (seen[-1].is_over, seen[-1].succeeded) == (True, False)
    assert api.slept == [2.0, 2.0]


def test_patience_with_a_batch_ends_too() -> None:
    client, _ = playing(*[answer(a_batch(in_flight=2))] * 3)

    with pytest.raises(StillRunning, match="batch_1 is still running"):
        list(client.watch_batch("batch_1", timeout=3))
