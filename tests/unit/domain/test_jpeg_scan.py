"""What a small hostile JPEG may cost: nothing to speak of."""

import tracemalloc

import pytest

from shared.domain import jpeg_scan
from shared.domain.jpeg_scan import holds_whole_picture

START = b"\xff\xd8"
FRAME = b"\xff\xc0\x00\x0b\x08" + b"\x00\x40\x00\x40" + b"\x01\x01\x11\x00"  # 64 blocks
SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
PICTURE = bytes(16)  # of each block two codes, of one bit each


def table(name: int) -> bytes:
    """One code, of one bit: nothing but zeros."""
    return bytes([name, 1, *[0] * 15, 0])


def a_jpeg(*more: bytes) -> bytes:
    """A picture that lacks its end marker alone, behind more tables than it needs."""
    bodies = (*more, table(0x00), table(0x10))
    tables = b"".join(b"\xff\xc4" + (2 + len(body)).to_bytes(2) + body for body in bodies)
    return START + tables + FRAME + SCAN + PICTURE


def test_a_picture_of_which_all_blocks_are_there_is_whole() -> None:
    assert holds_whole_picture(a_jpeg())
    assert not holds_whole_picture(a_jpeg()[:-1])


@pytest.mark.parametrize(
    "body",
    [
        bytes([0x00, *[255] * 16]),  # more codes than there are
        bytes([0x00, 3, *[0] * 15, 0, 0, 0]),
        table(0x20),
        table(0x04),
    ],
)
def test_a_table_that_no_decoder_takes_is_refused_before_it_costs_memory(body: bytes) -> None:
    tracemalloc.start()
    is_whole = holds_whole_picture(a_jpeg(body))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert not is_whole
    assert peak < 4_000_000


def test_only_so_many_tables_are_read() -> None:
    assert holds_whole_picture(a_jpeg(*14 * [table(0x00)]))
    assert not holds_whole_picture(a_jpeg(*15 * [table(0x00)]))


@pytest.mark.parametrize(("most", "is_whole"), [(128, True), (127, False)])
def test_only_so_many_codes_are_decoded(
    monkeypatch: pytest.MonkeyPatch, *, most: int, is_whole: bool
) -> None:
    monkeypatch.setattr(jpeg_scan, "_MAX_DECODED", most)

    assert holds_whole_picture(a_jpeg()) is is_whole
