"""How long things are kept: what a job says, what its key says, and what follows for images."""

import pytest

from shared.domain.retention import KEPT, Retention


@pytest.mark.parametrize(
    ("media", "record", "kept"),
    [
        (None, None, None),
        (7, None, 7),
        (365, 1, 365),
        (None, 1, 1),
        (None, 8, 30),
        (None, 365, 365),
        (None, 3650, 365),
    ],
)
def test_images_are_not_left_behind_by_their_record(
    media: int | None, record: int | None, kept: int | None
) -> None:
    assert Retention(media_days=media, record_days=record).image_days == kept


def test_what_is_not_said_is_as_usual() -> None:
    usual = Retention(media_days=30, record_days=90)

    assert KEPT.or_as(usual) == usual
    assert usual.or_as(KEPT) == usual
    assert Retention(media_days=1).or_as(usual) == Retention(media_days=1, record_days=90)
    assert Retention(record_days=1).or_as(usual) == Retention(media_days=30, record_days=1)
