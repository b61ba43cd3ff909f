"""Lists of jobs and of images, as their callers ask for them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.manage.handler import create_app
from shared.domain.image import Look
from shared.domain.job import Job
from shared.domain.retention import Retention
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import MemoryService

PREVIEWED = ("verified", "preview_url", "placeholder")

type Get = Callable[..., Answer]


@pytest.fixture
def get(service: MemoryService) -> Get:
    app = create_app(service)
    key = service.issue_key(tenant="default", name="test").text

    def send(path: str, **query: str) -> Answer:
        event = http_event("GET", path, query=query, key=key)
        return Answer.of(app.resolve(event, AnyContext()))

    return send


def finished(service: MemoryService) -> Job:
    job = service.submit()
    service.apixo.finish_all()
    return service.collect(job.id)


def look_at(service: MemoryService, job: Job, look: Look) -> None:
    seen = job.looked_at({job.images[0].key: look})
    assert seen
    service.jobs.save(seen, was=job)


def ids(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.body
    return [job["id"] for job in answer.json["data"]]


class TestFilters:
    @pytest.mark.parametrize(
        "query",
        [
            {"status": "succeeded"},
            {"model": "bytedance-seedream-5-lite"},
            {"model": "seedream-5-lite"},
            {"provider": "oxen"},
            {"tag": "night"},
            {"since": "2026-11-20T12:00:01Z"},
            {"since": "2026-11-20T13:00:01+01:00"},
            {"since": "2026-11-20T13:00:01 01:00"},
            {"status": "succeeded", "tag": "night", "until": "2026-11-20T12:05:00Z"},
        ],
    )
    def test_only_what_is_asked_for_is_listed(
        self, service: MemoryService, get: Get, query: dict[str, str]
    ) -> None:
        service.submit()
        service.time.sleep(60)
        odd = service.submit(model="seedream-5-lite", provider="oxen", tags=("night",))
        service.oxen.finish_all()
        service.collect(odd.id)

        assert ids(get("/v1/jobs", **query)) == [odd.id]

    def test_a_name_without_a_value_asks_for_nothing(
        self, service: MemoryService, get: Get
    ) -> None:
        job = service.submit()

        assert ids(get("/v1/jobs", status="", tag="", since="", model="")) == [job.id]

    def test_what_no_job_has_is_an_empty_page(self, service: MemoryService, get: Get) -> None:
        service.submit()

        for query in ({"model": "seedream-9"}, {"provider": "none"}, {"batch": "batch-1"}):
            assert ids(get("/v1/jobs", **query)) == []

    def test_pages_of_a_filtered_list_follow_each_other(
        self, service: MemoryService, get: Get
    ) -> None:
        jobs = [service.submit(tags=("a",) if n % 2 else ()) for n in range(6)]

        first = get("/v1/jobs", tag="a", limit="2")
        second = get("/v1/jobs", tag="a", limit="2", cursor=first.json["cursor"])

        wanted = [job.id for job in jobs if job.tags]
        assert sorted(ids(first) + ids(second)) == sorted(wanted)
        assert "cursor" not in second.json

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("status", "done"),
            ("since", "yesterday"),
            ("until", "2026-13-01"),
            ("until", "9999-12-31T23:59:59-23:59"),
            ("tag", "x" * 201),
        ],
    )
    def test_what_cannot_be_meant_is_refused_by_name(self, get: Get, name: str, value: str) -> None:
        answer = get("/v1/jobs", **{name: value})

        assert answer.status == 422
        assert [error["pointer"] for error in answer.json["errors"]] == [f"?{name}"]


class TestImages:
    def test_the_images_of_a_job_are_listed_with_links(
        self, service: MemoryService, get: Get
    ) -> None:
        job = service.submit(n=2)
        service.apixo.finish_all()
        service.collect(job.id)

        shown = get(f"/v1/jobs/{job.id}")
        listed = get(f"/v1/jobs/{job.id}/images")

        assert shown.json["urls"]["images"].endswith(f"/v1/jobs/{job.id}/images")
        assert listed.json == {"object": "list", "data": shown.json["images"]}
        assert len(listed.json["data"]) == 2

    def test_another_tenants_images_are_not_there(self, service: MemoryService, get: Get) -> None:
        job = service.submit(key=service.a_key(tenant="other"))

        assert get(f"/v1/jobs/{job.id}/images").status == 404

    def test_a_preview_is_not_there_yet(self, service: MemoryService, get: Get) -> None:
        job = finished(service)

        answer = get(f"/v1/jobs/{job.id}/images/0", preview="1")
        (image,) = get(f"/v1/jobs/{job.id}").json["images"]

        assert (answer.status, answer.json["code"]) == (404, "preview_not_found")
        assert answer.json["detail"] == f"image 0 of {job.id} has no preview yet"
        assert get(f"/v1/jobs/{job.id}/images/0", preview="0").status == 302
        assert [image[name] for name in PREVIEWED] == [None, None, None]
        assert list(service.to_preview.messages) == [job.id]  # it may have been lost

    def test_a_preview_is_not_made_late_where_images_are_kept_for_a_time(
        self, service: MemoryService, get: Get
    ) -> None:
        job = finished(service)
        kept = replace(job, retention=Retention(media_days=1), version=job.version + 1)
        service.jobs.save(kept, was=job)

        assert get(f"/v1/jobs/{job.id}/images/0", preview="1").status == 404
        assert list(service.to_preview.messages) == []

    def test_a_preview_is_shown_and_linked_everywhere(
        self, service: MemoryService, get: Get
    ) -> None:
        job = finished(service)
        look_at(service, job, Look(verified=True, placeholder="data:image/webp;base64,AAAA"))

        answer = get(f"/v1/jobs/{job.id}/images/0", preview="1")
        (image,) = get(f"/v1/jobs/{job.id}").json["images"]

        assert answer.status == 302
        link = answer.headers["location"]
        assert link.startswith(f"https://media.example/previews/{job.id}/1/0.webp?")
        assert [image[name] for name in PREVIEWED] == [True, link, "data:image/webp;base64,AAAA"]
        assert get("/v1/jobs").json["data"][0]["images"] == [image]
        assert get(f"/v1/jobs/{job.id}/images").json["data"] == [image]

    def test_an_image_that_cannot_be_decoded_gets_no_preview(
        self, service: MemoryService, get: Get
    ) -> None:
        job = finished(service)
        look_at(service, job, Look(verified=False))

        answer = get(f"/v1/jobs/{job.id}/images/0", preview="1")
        (image,) = get(f"/v1/jobs/{job.id}").json["images"]

        assert (answer.status, answer.json["code"]) == (404, "preview_not_found")
        assert "could not be decoded" in answer.json["detail"]
        assert list(service.to_preview.messages) == []
        assert [image[name] for name in PREVIEWED] == [False, None, None]
        assert get(f"/v1/jobs/{job.id}/images/0").status == 302
