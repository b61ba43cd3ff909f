"""Images in a sequence share their room with the references."""

import pytest

from shared.catalog.load import load_catalog
from shared.domain.wanted import JobInput

APIXO = load_catalog().offer("seedream-4.5", "apixo")  # 14 references, 10 images, 15 together


def told(*, references: int, images: int, sequential: str = "auto") -> list[str]:
    links = ("https://example.com/a.png",) * references
    wanted = JobInput(prompt="a fox", images=links, n=images, sequential=sequential)
    return [error.pointer for error in APIXO.complaints(wanted)]


@pytest.mark.parametrize(("references", "images"), [(14, 1), (5, 10), (0, 10)])
def test_both_together_may_be_fifteen(references: int, images: int) -> None:
    assert told(references=references, images=images) == []


@pytest.mark.parametrize(("references", "images"), [(14, 2), (6, 10)])
def test_one_more_is_one_reference_too_many(references: int, images: int) -> None:
    assert told(references=references, images=images) == ["/images"]


def test_references_that_leave_room_for_all_images_are_not_blamed_for_too_many_of_them() -> None:
    assert told(references=4, images=12) == ["/n"]
    assert told(references=6, images=12) == ["/images", "/n"]


def test_without_a_sequence_they_share_nothing() -> None:
    assert told(references=14, images=10, sequential="disabled") == []
