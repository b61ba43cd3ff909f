"""Posts that wait for their job, rehearsals, and how long things are kept."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.ids import JobId
from shared.domain.status import JobStatus
from tests.http_events import Answer
from tests.memory_service import NOW, MemoryService
from tests.unit.functions.calling import deliver, finish_after, post

FOX = {"model": "seedream-4.5", "prompt": "a fox in watercolor", "provider": "apixo"}


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


def waiting(service: MemoryService, key: str, prefer: str, **more: Any) -> Answer:
    return post(service, "/v1/jobs", FOX, key=key, headers={"prefer": prefer}, **more)


def seconds_since(start: datetime, service: MemoryService) -> float:
    return (service.clock.now() - start).total_seconds()


class TestPreferWait:
    def test_a_job_that_finishes_in_time_is_the_answer(
        self, service: MemoryService, key: str
    ) -> None:
        finish_after(service, 3)

        answer = waiting(service, key, "wait=10")

        assert (answer.status, answer.json["status"]) == (200, "succeeded")
        assert answer.headers["preference-applied"] == "wait=10"
        assert answer.json["images"][0]["url"].startswith("https://")
        assert seconds_since(NOW, service) == pytest.approx(3, abs=0.3)

    def test_a_job_that_takes_longer_is_shown_as_it_is_by_then(
        self, service: MemoryService, key: str
    ) -> None:
        answer = waiting(service, key, "wait=10")

        assert (answer.status, answer.json["status"]) == (202, "processing")
        assert seconds_since(NOW, service) == pytest.approx(10, abs=0.01)

    def test_nobody_waits_longer_than_25_seconds(self, service: MemoryService, key: str) -> None:
        answer = waiting(service, key, "respond-async, wait=100")

        assert answer.headers["preference-applied"] == "wait=25"
        assert seconds_since(NOW, service) == pytest.approx(25, abs=0.01)

    def test_time_counts_from_when_the_gateway_had_the_request(
        self, service: MemoryService, key: str
    ) -> None:
        waiting(service, key, "wait=25", came_ago=9)

        assert seconds_since(NOW, service) == pytest.approx(16, abs=0.01)

    @pytest.mark.parametrize("prefer", ["", "wait", "wait=", "wait=-1", "wait=ten", "await=3"])
    def test_a_preference_that_says_nothing_is_left_out(
        self, service: MemoryService, key: str, prefer: str
    ) -> None:
        answer = waiting(service, key, prefer)

        assert (answer.status, answer.json["version"]) == (202, 1)
        assert "preference-applied" not in answer.headers

    def test_a_repeated_request_waits_for_the_job_it_made(
        self, service: MemoryService, key: str
    ) -> None:
        headers = {"idempotency-key": "once"}
        first = post(service, "/v1/jobs", FOX, key=key, headers=headers)
        deliver(service)

        again = post(service, "/v1/jobs", FOX, key=key, headers=headers | {"prefer": "wait=5"})

        assert (again.status, again.json["id"]) == (200, first.json["id"])
        assert again.headers["idempotent-replayed"] == "true"

    def test_who_comes_late_leaves_the_call_to_the_queue(
        self, service: MemoryService, key: str
    ) -> None:
        job = post(service, "/v1/jobs", FOX, key=key, came_ago=18).json

        assert service.jobs.get(JobId(job["id"])).status is JobStatus.QUEUED
        assert [job_id for job_id, _ in service.to_dispatch.messages] == [job["id"]]


class TestDryRun:
    def test_a_rehearsal_says_who_would_do_it_at_which_price(
        self, service: MemoryService, key: str
    ) -> None:
        answer = post(service, "/v1/jobs", FOX | {"dry_run": True, "n": 2}, key=key)

        assert answer.status == 200
        told = answer.json
        assert (told["object"], told["dry_run"]) == ("job", True)
        assert (told["provider"], told["delivery"]) == ("apixo", "callback")
        assert told["cost"] == {
            "estimated_usd": "0.0700",
            "charged_usd": None,
            "complete": False,
        }
        assert told["route"][0]["provider"] == "apixo"
        assert "id" not in told

    def test_a_rehearsal_makes_nothing(self, service: MemoryService, key: str) -> None:
        data = "data:image/png;base64,iVBORw0KGgo="

        post(service, "/v1/jobs", FOX | {"dry_run": True}, key=key)
        refused = post(service, "/v1/jobs", FOX | {"dry_run": True, "images": [data]}, key=key)

        assert refused.status == 422
        assert service.jobs.newest("default", limit=1, cursor=None).jobs == ()
        assert (service.references.objects, service.apixo.tasks) == ({}, {})


class TestRetention:
    def test_images_carry_how_long_they_are_kept(self, service: MemoryService, key: str) -> None:
        post(service, "/v1/jobs", FOX | {"retention": {"media_days": 7}}, key=key)

        deliver(service)

        assert set(service.bucket.keep_days.values()) == {7}

    def test_a_record_may_go_some_days_after_the_job_is_over(
        self, service: MemoryService, key: str
    ) -> None:
        body = FOX | {"retention": {"record_days": 30}}
        job_id = JobId(post(service, "/v1/jobs", body, key=key).json["id"])
        assert service.jobs.get(job_id).forget_at is None

        deliver(service)

        assert service.jobs.get(job_id).forget_at == NOW + timedelta(days=30)

    @pytest.mark.parametrize(
        "retention",
        [
            {"media_days": 2},
            {"media_days": 0},
            {"record_days": 0},
            {"days": 1},
            7,
            {"media_days": "7"},
        ],
    )
    def test_a_time_that_cannot_be_kept_is_refused(
        self, service: MemoryService, key: str, retention: Any
    ) -> None:
        answer = post(service, "/v1/jobs", FOX | {"retention": retention}, key=key)

        assert answer.status == 422
        assert answer.json["errors"][0]["pointer"].startswith("/retention")
