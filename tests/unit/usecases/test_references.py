"""References at the two ends of a job's way: as it is admitted, and as it is sent."""

import base64
from typing import Any

import pytest

from shared.adapters.http import HttpClient
from shared.domain.errors import ErrorCode, InvalidRequest
from shared.domain.job import Job
from shared.domain.reference import MOST_REFERENCE_BYTES
from shared.domain.status import JobStatus
from shared.ports.providers import ProviderAccess
from tests.contract.samples import a_picture
from tests.memory_service import MemoryService
from tests.pictures import a_png

A_JPEG = a_picture("JPEG")
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

    def test_data_that_expired_before_it_was_needed_fails_the_job_unpaid(
        self, service: MemoryService
    ) -> None:
        job = service.admit(images=(inline(a_png()),), provider=("apixo", "oxen"))
        service.references.objects.clear()

        service.dispatch_attempt(job.id)

        assert why_it_failed(service, service.jobs.get(job.id)) is ErrorCode.SOURCE_GONE

    @pytest.mark.parametrize(
        "reference",
        [
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

    def test_a_jpeg_that_lacks_its_end_marker_alone_is_sent(self, service: MemoryService) -> None:
        service.references.place(MINE, A_JPEG[:-2])

        sent(service, f"upload:{ULID}")

        assert len(shown_to_the_provider(service)) == 1

    def test_so_it_is_when_it_comes_with_the_request(self, service: MemoryService) -> None:
        assert refused(service, inline(A_JPEG[:-20])) == {"/images/0": "invalid_reference"}

        sent(service, inline(A_JPEG[:-2]))

        assert len(shown_to_the_provider(service)) == 1

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
    def test_one_of_a_format_that_no_provider_reads_is_refused(
        self, service: MemoryService
    ) -> None:
        service.apixo.draw = lambda _: b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf" + bytes(60)
        earlier = a_finished_job(service)
        key = service.a_key()

        with pytest.raises(InvalidRequest) as refusal:
            service.admit(key=key, images=(f"job:{earlier.id}/0",))

        assert "image/heic" in refusal.value.errors[0].message

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


class TestTenants:
    """Nobody gets to what another tenant brought, whatever he calls it."""

    @pytest.fixture
    def theirs(self, service: MemoryService) -> str:
        job = service.admit(key=service.a_key(tenant="them"), images=(inline(a_png()),))
        return job.input.images[0]

    def test_data_of_another_tenant_looks_as_if_it_did_not_exist(
        self, service: MemoryService, theirs: str
    ) -> None:
        (nothing,) = refusals(service, "upload:" + 64 * "0")
        (refusal,) = refusals(service, theirs)

        assert refusal == nothing
        assert refusal[:2] == ("/images/0", "not_found")
        assert theirs.startswith("upload:")

    def test_their_own_they_may_name_again(self, service: MemoryService, theirs: str) -> None:
        job = service.admit(key=service.a_key(tenant="them"), images=(theirs,))

        assert job.input.images == (theirs,)

    def test_the_same_data_of_two_tenants_is_stored_for_each(
        self, service: MemoryService, theirs: str
    ) -> None:
        ours = service.admit(images=(inline(a_png()),)).input.images[0]

        assert ours == theirs
        digest = ours.removeprefix("upload:")
        assert set(service.references.objects) == {
            f"references/default/{digest}",
            f"references/them/{digest}",
        }

    def test_the_folder_that_data_lies_in_cannot_be_named(
        self, service: MemoryService, theirs: str
    ) -> None:
        digest = theirs.removeprefix("upload:")
        places = (f"references/them/{digest}", f"references/{digest}", "batches/a.jsonl")

        refused_for = [refused(service, f"s3://uploads/{place}") for place in places]

        assert refused_for == 3 * [{"/images/0": "invalid_reference"}]

    def test_another_tenants_objects_are_refused_whether_they_exist_or_not(
        self, service: MemoryService
    ) -> None:
        service.references.place(f"uploads/them/{ULID}", a_png())

        there, nowhere = (
            refusals(service, f"s3://uploads/uploads/them/{name}") for name in (ULID, "nothing")
        )

        assert there == nowhere

    def test_the_folder_of_edits_belongs_to_the_tenant_of_its_key(
        self, service: MemoryService
    ) -> None:
        place = "s3://uploads/edits/fox.png"
        service.references.place("edits/fox.png", a_png())

        assert service.admit(images=(place,)).input.images == (place,)
        assert refused(service, place, tenant="them") == {"/images/0": "invalid_reference"}

    def test_without_a_key_for_edits_their_folder_belongs_to_nobody(
        self, service: MemoryService
    ) -> None:
        service.edits_key_id = None

        assert refused(service, "s3://uploads/edits/fox.png") == {"/images/0": "invalid_reference"}

    def test_a_job_of_before_tenants_had_folders_still_goes_out(
        self, service: MemoryService
    ) -> None:
        job = service.admit(images=(inline(a_png()),))
        digest = job.input.images[0].removeprefix("upload:")
        service.references.objects.clear()
        service.references.place(f"references/{digest}", a_png())

        service.dispatch_attempt(job.id)

        link = f"https://uploads.example/references/{digest}"
        assert shown_to_the_provider(service) == (link,)

    def test_what_only_lies_where_it_used_to_can_be_named_by_nobody_anew(
        self, service: MemoryService
    ) -> None:
        service.references.place("references/" + 64 * "a", a_png())

        assert refused(service, "upload:" + 64 * "a") == {"/images/0": "not_found"}


NEVER_FETCHED = (
    "https://",
    "https:///a.png",
    "https://exa mple.com/a.png",
    "https://example.com/a b.png",
    "https://example.com/a\n.png",
    "https://example.com/\0",
    "https://example.com/\x7f",
    "https://example.com/\u00e9.png",
    "https://b\u00fccher.example/a.png",
    "https://127.0.0.1/a.png",
    "https://127.1/a.png",
    "https://2130706433/a.png",
    "https://0x7f.1/a.png",
    "https://169.254.169.254/a.png",
    "https://10.0.0.8/a.png",
    "https://8.8.8.8/a.png",
    "https://[::1]/x",
    "https://[2001:db8::1]/x",
    "https://localhost/a.png",
    "https://intranet/a.png",
    "https://example.com:8443/a.png",
    "https://example.com:80/a.png",
    "https://example.com:/a.png",
    "https://user@example.com/a.png",
    "https://user:secret@example.com/a.png",
    "https://example.com\\@evil.example/a.png",
    "https://example..com/a.png",
    "https://-example.com/a.png",
    "https://example.com./a.png",
    f"https://{64 * 'a'}.example/a.png",
    "https://example.com/" + 2048 * "a",
    "http://example.com/a.png",
    "ftp://example.com/a.png",
)


class TestLinksThatNothingFollows:
    @pytest.mark.parametrize("link", NEVER_FETCHED)
    def test_they_are_refused_by_their_pointer_and_nothing_is_paid(
        self, service: MemoryService, link: str
    ) -> None:
        images = ("https://example.com/a.png", link)

        assert refused(service, *images) == {"/images/1": "invalid_reference"}
        assert service.apixo.tasks == {}

    @pytest.mark.parametrize(
        "link",
        [
            "https://example.com",
            "https://example.com:443/a.png",
            "https://EXAMPLE.com/a.png?x=[1]&y=%20#top",
            "https://xn--bcher-kva.example/a.png",
        ],
    )
    def test_others_are_taken_as_they_are(self, service: MemoryService, link: str) -> None:
        assert service.admit(images=(link,)).input.images == (link,)

    def test_what_the_deployment_lets_fetches_reach_is_no_fault(
        self, service: MemoryService
    ) -> None:
        service.may_reach = HttpClient(loopback_origins=frozenset({"127.0.0.1:9000"})).allows

        job = service.admit(images=("https://127.0.0.1:9000/a.png",))

        assert job.input.images == ("https://127.0.0.1:9000/a.png",)
        assert refused(service, "https://127.0.0.1:9001/a.png", tenant="other") == {
            "/images/0": "invalid_reference"
        }


def refusals(service: MemoryService, *images: str) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidRequest) as refusal:
        service.admit(images=images)
    return [(error.pointer, error.code, error.message) for error in refusal.value.errors]


def test_every_reference_at_fault_is_named(service: MemoryService) -> None:
    images = ("https://e.com/x", "s3://other/edits/x", f"upload:{ULID}", "nonsense")

    assert refused(service, *images) == {
        "/images/1": "invalid_reference",
        "/images/2": "not_found",
        "/images/3": "invalid_reference",
    }
