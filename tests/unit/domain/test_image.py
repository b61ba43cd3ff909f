"""Images of a job: one key for each, one number for each, whatever attempt they come from."""

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import JobId
from shared.domain.image import (
    Look,
    StoredImage,
    image_folder,
    image_key,
    merged,
    preview_folder,
    preview_key,
)

JOB = JobId("job_1")

places = st.tuples(st.integers(1, 3), st.integers(0, 4))


def an_image(attempt: int, position: int, *, size: int = 1) -> StoredImage:
    return StoredImage(
        index=position,
        attempt=attempt,
        position=position,
        key=image_key(JOB, attempt=attempt, position=position, extension="png"),
        content_type="image/png",
        bytes=size,
        width=1,
        height=1,
        sha256="",
    )


def test_images_of_two_attempts_have_keys_and_numbers_of_their_own() -> None:
    images = merged((), [an_image(1, 0), an_image(1, 1), an_image(2, 0)])

    assert [(image.attempt, image.position, image.index) for image in images] == [
        (1, 0, 0),
        (1, 1, 1),
        (2, 0, 2),
    ]
    assert len({image.key for image in images}) == 3


def test_a_preview_lies_apart_from_its_image_and_in_its_jobs_folder() -> None:
    keys = {preview_key(JOB, attempt=a, position=p) for a in (1, 2) for p in (0, 1)}

    assert keys == {f"previews/job_1/{a}/{p}.webp" for a in (1, 2) for p in (0, 1)}
    assert all(key.startswith(preview_folder(JOB)) for key in keys)


def test_only_what_could_be_decoded_has_a_preview() -> None:
    image = an_image(1, 0)

    assert not image.has_preview
    assert not image.looked_at(Look(verified=False)).has_preview
    assert image.looked_at(Look(verified=True)).has_preview


def test_an_image_that_comes_again_keeps_what_is_known_of_it() -> None:
    (known,) = merged((), [an_image(1, 0).looked_at(Look(verified=True, placeholder="data:"))])

    assert merged((known,), [an_image(1, 0)]) == (known,)


def test_what_is_there_stays_as_it_is() -> None:
    there = merged((), [an_image(1, 0)])

    assert merged(there, [an_image(1, 0, size=2)]) == there


def test_a_free_number_is_kept_and_a_taken_one_follows_the_last() -> None:
    there = merged((), [an_image(1, 3)])

    images = merged(there, [an_image(2, 0), an_image(2, 3)])

    assert [(image.attempt, image.index) for image in images] == [(2, 0), (1, 3), (2, 4)]


@given(st.lists(st.lists(places, max_size=4), max_size=5))
def test_whatever_comes_in_whatever_order_numbers_are_distinct_and_never_change(
    batches: list[list[tuple[int, int]]],
) -> None:
    images: tuple[StoredImage, ...] = ()
    for batch in batches:
        before = {image.key: image.index for image in images}
        images = merged(images, [an_image(attempt, position) for attempt, position in batch])

        assert before.items() <= {image.key: image.index for image in images}.items()
    indexes = [image.index for image in images]
    assert indexes == sorted(set(indexes))
    assert {(image.attempt, image.position) for image in images} == {
        place for batch in batches for place in batch
    }


def test_a_key_lies_in_its_jobs_folder_and_no_other_jobs() -> None:
    key = image_key(JOB, attempt=2, position=7, extension="webp")

    assert key == "images/job_1/2/7.webp"
    assert key.startswith(image_folder(JOB))
    assert not key.startswith(image_folder(JobId("job_")))
