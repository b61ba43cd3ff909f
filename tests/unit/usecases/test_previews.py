"""Looking at stored images: what gets a preview, what is marked, and that nothing waits for it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.memory.buckets import MemoryCallbackArchive, MemoryMediaStore
from shared.adapters.memory.previews import MemoryPreviewer
from shared.domain.errors import JobNotFound, Undecodable
from shared.domain.ids import JobId
from shared.domain.image import MOST_BYTES, MOST_PIXELS, Look
from shared.domain.job import Job
from shared.domain.retention import Retention
from shared.domain.status import JobStatus
from shared.ports.media import Preview
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.living import announced, now_of

SEEN = Look(verified=True, placeholder=MemoryPreviewer()(a_png()).placeholder)
UNVERIFIED = Look(verified=False)


class Refuses:
    def __call__(self, content: bytes) -> Preview:
        raise Undecodable(f"a bomb of {len(content)} bytes")


class Meanwhile:
    """Lets something happen while an image is decoded."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work

    def __call__(self, content: bytes) -> Preview:
        self._work()
        return MemoryPreviewer()(content)


def finished(service: MemoryService, **wish: Any) -> Job:
    job = service.submit(**wish)
    service.apixo.finish_all()
    return service.collect(job.id)


def looks_of(job: Job) -> list[Look]:
    return [
        Look(verified=image.verified, placeholder=image.placeholder)
        for image in job.images
        if image.verified is not None
    ]


def change_images(service: MemoryService, job: Job, **facts: Any) -> Job:
    """Let the record tell other things of the images."""
    images = tuple(replace(image, **facts) for image in job.images)
    changed = replace(job, images=images, version=job.version + 1)
    service.jobs.save(changed, was=job)
    return changed


def previews_in(service: MemoryService) -> list[str]:
    return [key for key in service.bucket.objects if key.startswith("previews/")]


def test_each_image_gets_a_preview_under_its_own_key(service: MemoryService) -> None:
    job = finished(service, n=2)

    assert service.make_previews(job.id) == (SEEN, SEEN)

    after = now_of(service, job)
    assert looks_of(after) == [SEEN, SEEN]
    assert previews_in(service) == [f"previews/{job.id}/1/{n}.webp" for n in (0, 1)]
    for image in job.images:
        assert service.bucket.objects[image.key]  # the original stays
        preview = f"previews/{job.id}/1/{image.position}.webp"
        assert service.bucket.objects[preview] != service.bucket.objects[image.key]


@pytest.mark.parametrize("end", ["succeeded", "cancelled", "reopened"])
def test_a_look_moves_no_job_and_announces_nothing(service: MemoryService, end: str) -> None:
    job = finished(service) if end == "succeeded" else service.submit()
    if end == "cancelled":
        service.cancel_job(job)
        service.apixo.finish_all()
        job = service.collect(job.id)
    if end == "reopened":
        job = replace(job, images=finished(service).images, version=job.version + 1)
        service.jobs.save(job, was=now_of(service, job))
    heard = announced(service)

    service.make_previews(job.id)

    after = now_of(service, job)
    assert looks_of(after) == [SEEN]
    assert replace(after, images=job.images, version=job.version) == job
    assert announced(service) == heard


def test_what_cannot_be_decoded_is_marked_and_stays(service: MemoryService) -> None:
    job = finished(service)

    looks = replace(service.make_previews, previewer=Refuses())(job.id)

    after = now_of(service, job)
    assert looks == (UNVERIFIED,)
    assert looks_of(after) == [UNVERIFIED]
    assert (after.status, previews_in(service)) == (JobStatus.SUCCEEDED, [])
    assert job.images[0].key in service.bucket.objects


@pytest.mark.parametrize(
    "facts",
    [{"bytes": MOST_BYTES + 1}, {"width": MOST_PIXELS + 1}, {"width": 8192, "height": 8192}],
    ids=str,
)
def test_what_is_too_large_is_not_even_read(service: MemoryService, facts: dict[str, int]) -> None:
    job = change_images(service, finished(service), **facts)
    service.bucket.objects.clear()

    assert service.make_previews(job.id) == (UNVERIFIED,)


def test_the_largest_that_is_taken_is_decoded(service: MemoryService) -> None:
    job = change_images(service, finished(service), bytes=MOST_BYTES, width=8192, height=4096)

    assert service.make_previews(job.id) == (SEEN,)


def test_no_more_is_read_than_memory_allows(service: MemoryService) -> None:
    job = finished(service)
    asked: list[int | None] = []

    class Watched(MemoryMediaStore):
        def read(self, key: str, *, at_most: int | None = None) -> bytes:
            asked.append(at_most)
            return service.bucket.read(key, at_most=at_most)

    replace(service.make_previews, media=Watched())(job.id)

    assert asked == [MOST_BYTES]


def test_bytes_that_are_not_those_that_were_stored_are_not_verified(service: MemoryService) -> None:
    job = finished(service)
    service.bucket.objects[job.images[0].key] += b"?"

    assert service.make_previews(job.id) == (UNVERIFIED,)
    assert previews_in(service) == []


def test_an_image_that_is_no_longer_there_is_left_as_it_is(service: MemoryService) -> None:
    job = finished(service, n=2)
    del service.bucket.objects[job.images[0].key]

    assert service.make_previews(job.id) == (SEEN,)

    assert [image.verified for image in now_of(service, job).images] == [None, True]


def test_a_second_message_changes_nothing(service: MemoryService) -> None:
    job = finished(service)
    service.make_previews(job.id)
    after = now_of(service, job)

    assert service.make_previews(job.id) == ()
    assert now_of(service, job) == after


def test_a_late_image_is_looked_at_and_the_others_are_not_again(service: MemoryService) -> None:
    job = finished(service, n=2)
    first = job.looked_at({job.images[0].key: UNVERIFIED})
    assert first
    service.jobs.save(first, was=job)

    service.make_previews(job.id)

    assert looks_of(now_of(service, job)) == [UNVERIFIED, SEEN]


def test_a_preview_is_kept_for_as_long_as_its_image(service: MemoryService) -> None:
    job = finished(service)
    kept = replace(job, retention=Retention(media_days=7), version=job.version + 1)
    service.jobs.save(kept, was=job)

    service.make_previews(job.id)

    assert service.bucket.keep_days[f"previews/{job.id}/1/0.webp"] == 7


def test_who_changes_the_job_meanwhile_is_not_overwritten(service: MemoryService) -> None:
    job = service.submit()
    service.cancel_job(job)
    service.apixo.finish_all()
    job = service.collect(job.id)

    def change() -> None:
        current = now_of(service, job)
        service.jobs.save(
            replace(current, metadata={"by": "another"}, version=current.version + 1), was=current
        )

    replace(service.make_previews, previewer=Meanwhile(change))(job.id)

    after = now_of(service, job)
    assert (after.metadata, looks_of(after)) == ({"by": "another"}, [SEEN])


def test_two_at_once_write_it_down_once(service: MemoryService) -> None:
    job = finished(service)

    replace(service.make_previews, previewer=Meanwhile(lambda: service.make_previews(job.id)))(
        job.id
    )

    assert now_of(service, job).version == job.version + 1


class TestDeleted:
    def test_of_a_job_that_is_gone_no_preview_is_left(self, service: MemoryService) -> None:
        job = finished(service)
        other = finished(service)
        service.make_previews(other.id)
        service.media.store_preview(job.id, attempt=1, position=0, content=b"left behind")
        service.jobs.remove(job)

        with pytest.raises(JobNotFound):
            service.make_previews(job.id)

        assert previews_in(service) == [f"previews/{other.id}/1/0.webp"]

    def test_a_job_that_is_deleted_while_its_image_is_decoded_leaves_none(
        self, service: MemoryService
    ) -> None:
        job = finished(service)
        previewer = Meanwhile(lambda: service.delete_job(now_of(service, job)))

        with pytest.raises(JobNotFound):
            replace(service.make_previews, previewer=previewer)(job.id)

        assert service.bucket.objects == {}

    def test_what_is_looked_at_while_it_is_deleted_goes_as_well(
        self, service: MemoryService
    ) -> None:
        job = finished(service)
        originals = dict(service.bucket.objects)

        class SlowArchive(MemoryCallbackArchive):
            """Lets a preview be made after the objects are gone and before the record is."""

            looked = False

            def remove(self, job_id: JobId) -> None:
                if not self.looked:
                    self.looked = True
                    service.bucket.objects.update(originals)  # had been read by then
                    service.make_previews(job_id)

        replace(service.delete_job, archive=SlowArchive(service.clock))(job)

        assert service.bucket.objects == {}
        with pytest.raises(JobNotFound):
            service.jobs.get(job.id)


class TestAsking:
    def test_who_publishes_an_event_asks_for_previews_once(self, service: MemoryService) -> None:
        job = finished(service, n=2)
        over = list(service.store.announced.values())

        service.publish_events([*over, over[-1]])

        assert list(service.to_preview.messages) == [job.id]
        assert service.store.announced == {}

    def test_a_job_without_images_needs_none(self, service: MemoryService) -> None:
        service.submit()

        service.publish_events(list(service.store.announced.values()))

        assert list(service.to_preview.messages) == []

    def test_a_late_image_is_asked_for(self, service: MemoryService) -> None:
        job = service.submit()
        service.cancel_job(job)
        service.publish_events(list(service.store.announced.values()))
        assert list(service.to_preview.messages) == []
        service.apixo.finish_all()
        service.collect(job.id)

        service.publish_events(list(service.store.announced.values()))

        assert list(service.to_preview.messages) == [job.id]

    def test_the_watch_asks_for_what_the_stream_did_not_bring(self, service: MemoryService) -> None:
        job = finished(service)
        service.time.sleep(3600)

        service.publish_events.again(service.clock.now())

        assert list(service.to_preview.messages) == [job.id]
