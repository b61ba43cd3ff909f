"""Lists of jobs and of images, as their callers ask for them."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.manage.handler import create_app
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import MemoryService

type Get = Callable[..., Answer]


@pytest.fixture
def get(service: MemoryService) -> Get:
    app = create_app(service)
    key = service.issue_key(tenant="default", name="test").text

    def send(path: str, **query: str) -> Answer:
        event = http_event("GET", path, query=query, key=key)
        return Answer.of(app.resolve(event, AnyContext()))  # type: ignore[arg-type]

    return send


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
        job = service.submit()
        service.apixo.finish_all()
        service.collect(job.id)

        answer = get(f"/v1/jobs/{job.id}/images/0", preview="1")

        assert (answer.status, answer.json["code"]) == (404, "preview_not_found")
        assert get(f"/v1/jobs/{job.id}/images/0", preview="0").status == 302
