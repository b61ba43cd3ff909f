"""References that lie elsewhere are copied before anything is paid; and places that changed."""

import hashlib

import pytest

from shared.adapters.memory.buckets import MemoryImageSource
from shared.domain.errors import ErrorCode
from shared.domain.reference import MOST_REFERENCE_BYTES
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.test_references import (
    HIDDEN,
    a_finished_job,
    inline,
    sent,
    shown_to_the_provider,
    why_it_failed,
)

URL = "https://shop.example/fox.png"


def lies_there(service: MemoryService, content: bytes) -> None:
    service.reference_source = MemoryImageSource({URL: content})


def link_to(content: bytes) -> str:
    return f"https://uploads.example/references/default/{hashlib.sha256(content).hexdigest()}"


class TestLinks:
    def test_an_image_elsewhere_goes_out_as_a_link_to_our_copy(
        self, service: MemoryService
    ) -> None:
        lies_there(service, a_png())

        sent(service, URL)

        assert shown_to_the_provider(service) == (link_to(a_png()),)
        (copy,) = service.references.objects.values()
        assert list(copy.values()) == [a_png()]

    def test_our_copy_goes_out_inline_where_links_cannot_be_read(
        self, service: MemoryService
    ) -> None:
        service.accesses = {"apixo": HIDDEN}
        lies_there(service, a_png())

        sent(service, URL)

        assert shown_to_the_provider(service) == (inline(a_png()),)

    @pytest.mark.parametrize(
        "content", [b"", b"<html>", a_png()[:-4]], ids=["empty", "no image", "cut short"]
    )
    def test_what_is_no_whole_image_is_left_to_the_provider(
        self, service: MemoryService, content: bytes
    ) -> None:
        lies_there(service, content)

        sent(service, URL)

        assert shown_to_the_provider(service) == (URL,)
        assert service.references.objects == {}


class TestPlacesThatHaveChanged:
    def test_an_object_of_a_bucket_that_was_left_fails_the_job_unpaid(
        self, service: MemoryService
    ) -> None:
        service.references.place("edits/cat.png", a_png())
        job = service.admit(images=("s3://uploads/edits/cat.png",))
        service.references.bucket = "the new uploads"

        service.dispatch_attempt(job.id)

        assert why_it_failed(service, service.jobs.get(job.id)) is ErrorCode.SOURCE_GONE

    def test_an_earlier_image_that_is_too_large_to_send_fails_the_job_unpaid(
        self, service: MemoryService
    ) -> None:
        service.apixo.draw = lambda _: a_png() + bytes(MOST_REFERENCE_BYTES)
        earlier = a_finished_job(service)
        service.apixo.tasks.clear()

        job = sent(service, f"job:{earlier.id}/0")

        assert why_it_failed(service, job) is ErrorCode.INVALID_INPUT
        assert job.error
        assert f"at most {MOST_REFERENCE_BYTES}" in job.error.message

    def test_an_earlier_image_whose_days_are_over_fails_the_job_unpaid(
        self, service: MemoryService
    ) -> None:
        service.accesses = {"apixo": HIDDEN}  # so that it is read, and not linked to
        earlier = a_finished_job(service)
        service.apixo.tasks.clear()
        service.bucket.objects.clear()

        job = sent(service, f"job:{earlier.id}/0")

        assert why_it_failed(service, job) is ErrorCode.SOURCE_GONE
