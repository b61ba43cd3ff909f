"""References at the two ends of a job's way: as it is admitted, and as it is sent."""

import base64
from typing import Any

import pytest

from shared.domain.errors import ErrorCode, InvalidRequest
from shared.domain.job import Job
from shared.domain.reference import MOST_REFERENCE_BYTES
from shared.domain.status import JobStatus
from shared.ports.providers import ProviderAccess
from tests.memory_service import MemoryService
from tests.pictures import a_png

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
MINE = f"uploads/default/{ULID}"
HIDDEN = ProviderAccess(sandbox=True, callback_base=None, fetches_links=False)


def refused(service: MemoryService, *images: str, tenant: str = "default") -> dict[str, str]:
    """Return the codes of what the request is refused for, by pointer."""
    key = service.a_key(tenant=tenant)
    with pytest.raises(InvalidRequest) as refusal:
        service.admit(key=key, images=images)
    assert service.jobs.newest(tenant, limit=1, cursor=None).jobs == ()
    return {error.pointer: error.code for error in refusal.value.errors}


def sent(service: MemoryService, *images: str, **wish: Any) -> Job:
    job = service.submit(images=images, **wish)
    service.deliver_messages()
    return service.jobs.get(job.id)


def shown_to_the_provider(service: MemoryService) -> tuple[str, ...]:
    *_, task = service.apixo.tasks.values()
    return task.order.references


def a_finished_job(service: MemoryService) -> Job:
    job = service.submit(key=service.a_key())
    service.apixo.finish_all()
    return service.collect(job.id)


def inline(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def why_it_failed(service: MemoryService, job: Job) -> ErrorCode | None:
    """Nothing was paid, and no other provider was asked."""
    assert job.status is JobStatus.FAILED
    assert service.apixo.tasks == service.oxen.tasks == {}
    assert {one.charged_usd for one in job.submissions} == {0}
    return job.error.code if job.error else None


class TestObjectsInTheBucket:
    @pytest.mark.parametrize("form", [f"upload:{ULID}", f"s3://uploads/{MINE}"])
    def test_an_upload_goes_out_as_a_link_to_what_was_looked_at(
        self, service: MemoryService, form: str
    ) -> None:
        service.references.place(MINE, a_png())

        sent(service, form)

        assert shown_to_the_provider(service) == (f"https://uploads.example/{MINE}?versionId=v1",)

    def test_a_named_version_goes_out_whatever_came_later(self, service: MemoryService) -> None:
        service.references.place("edits/a b.png", a_png())
        service.references.place("edits/a b.png", b"no image at all")

        sent(service, "s3://uploads/edits/a b.png?versionId=v1")

        link = "https://uploads.example/edits/a%20b.png?versionId=v1"
        assert shown_to_the_provider(service) == (link,)

    def test_it_goes_out_inline_where_links_cannot_be_read(self, service: MemoryService) -> None:
        service.accesses = {"apixo": HIDDEN}
        service.references.place(MINE, a_png())

        sent(service, f"upload:{ULID}")

        assert shown_to_the_provider(service) == (inline(a_png()),)

    def test_what_must_be_read_first_does_not_keep_the_caller_waiting(
        self, service: MemoryService
    ) -> None:
        service.references.place(MINE, a_png())

        job = service.submit(images=(f"upload:{ULID}",))

        assert job.status is JobStatus.QUEUED
        assert [job_id for job_id, _ in service.to_dispatch.messages] == [job.id]

    @pytest.mark.parametrize(
        "reference",
        [
            "upload:" + 64 * "0",
            "s3://uploads/edits/gone.png",
            "s3://uploads/edits/gone.png?versionId=v9",
        ],
    )
    def test_what_is_gone_when_it_is_needed_fails_the_job_unpaid(
        self, service: MemoryService, reference: str
    ) -> None:
        job = sent(service, reference, provider=("apixo", "oxen"))

        assert why_it_failed(service, job) is ErrorCode.SOURCE_GONE

    @pytest.mark.parametrize(
        "content",
        [b"", b"<html>", a_png()[:-4], a_png() + bytes(MOST_REFERENCE_BYTES)],
        ids=["empty", "no image", "cut short", "too large"],
    )
    def test_what_is_no_image_that_can_be_sent_fails_the_job_unpaid(
        self, service: MemoryService, content: bytes
    ) -> None:
        service.references.place(MINE, content)

        job = sent(service, f"upload:{ULID}", provider=("apixo", "oxen"))

        assert why_it_failed(service, job) is ErrorCode.INVALID_INPUT

    def test_an_upload_that_has_not_come_is_refused(self, service: MemoryService) -> None:
        assert refused(service, f"upload:{ULID}") == {"/images/0": "not_found"}

    def test_another_tenants_upload_looks_as_if_it_had_not_come(
        self, service: MemoryService
    ) -> None:
        service.references.place(MINE, a_png())

        assert refused(service, f"upload:{ULID}", tenant="them") == {"/images/0": "not_found"}
        assert refused(service, f"s3://uploads/{MINE}", tenant="them") == {
            "/images/0": "invalid_reference"
        }


class TestEarlierImages:
    def test_an_earlier_image_goes_out_as_a_link_that_lasts(self, service: MemoryService) -> None:
        earlier = a_finished_job(service)

        sent(service, f"job:{earlier.id}/0")

        link = f"https://media.example/{earlier.images[0].key}?filename=0.png&seconds=21600"
        assert shown_to_the_provider(service) == (link,)

    def test_it_goes_out_inline_where_links_cannot_be_read(self, service: MemoryService) -> None:
        service.accesses = {"apixo": HIDDEN}
        job = service.submit()
        service.apixo.finish_all()
        service.collect(job.id)

        sent(service, f"job:{job.id}/0")

        assert shown_to_the_provider(service) == (inline(a_png()),)

    def test_an_image_or_a_job_that_is_not_there_is_refused(self, service: MemoryService) -> None:
        finished = a_finished_job(service)
        references = (f"job:job_{ULID}/0", f"job:{finished.id}/1")

        with pytest.raises(InvalidRequest) as refusal:
            service.submit(key=service.a_key(), images=references)

        told = [(error.pointer, error.code) for error in refusal.value.errors]
        assert told == [("/images/0", "not_found"), ("/images/1", "not_found")]

    def test_another_tenants_job_looks_as_if_it_were_not_there(
        self, service: MemoryService
    ) -> None:
        earlier = a_finished_job(service)

        assert refused(service, f"job:{earlier.id}/0", tenant="them") == {"/images/0": "not_found"}

    def test_an_image_deleted_meanwhile_fails_the_job_unpaid(self, service: MemoryService) -> None:
        earlier = a_finished_job(service)
        job = service.admit(images=(f"job:{earlier.id}/0",), provider=("apixo", "oxen"))
        service.delete_job(earlier)
        service.apixo.tasks.clear()

        service.dispatch_attempt(job.id)

        assert why_it_failed(service, service.jobs.get(job.id)) is ErrorCode.SOURCE_GONE


def test_every_reference_at_fault_is_named(service: MemoryService) -> None:
    images = ("https://e.com/x", "s3://other/edits/x", f"upload:{ULID}", "nonsense")

    assert refused(service, *images) == {
        "/images/1": "invalid_reference",
        "/images/2": "not_found",
        "/images/3": "invalid_reference",
    }
