"""What a small hostile JPEG may cost: nothing to speak of."""

import time
import tracemalloc

import pytest

from shared.domain import jpeg_scan
from shared.domain.jpeg_scan import holds_whole_picture

FRAME = b"\xff\xc0\x00\x0b\x08" + b"\xff\xe8\xff\xe8" + b"\x01\x01\x11\x00"
SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"


def tables(*bodies: bytes) -> bytes:
    return b"".join(b"\xff\xc4" + (2 + len(body)).to_bytes(2) + body for body in bodies)


def one_code_of_one_bit(name: int) -> bytes:
    return bytes([name, 1, *[0] * 15, 0])


@pytest.mark.parametrize(
    "body",
    [
        bytes([0x00, *[255] * 16]),  # more codes than there are
        bytes([0x00, 3, *[0] * 15, 0, 0, 0]),
        one_code_of_one_bit(0x20),
        one_code_of_one_bit(0x04),
    ],
)
def test_a_table_that_no_decoder_takes_costs_nothing(body: bytes) -> None:
    tracemalloc.start()
    assert not holds_whole_picture(b"\xff\xd8" + tables(*4 * [body]) + FRAME + SCAN)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4_000_000


def test_only_so_many_tables_are_read() -> None:
    table = one_code_of_one_bit(0x00)
    many = b"\xff\xd8" + tables(*17 * [table]) + FRAME + SCAN

    assert not holds_whole_picture(many)


def test_only_so_many_codes_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_scan, "_MAX_DECODED", 1000)
    picture = b"\xff\xd8" + tables(*map(one_code_of_one_bit, (0x00, 0x10))) + FRAME + SCAN
    started = time.process_time()

    assert not holds_whole_picture(picture + bytes(500_000))
    assert time.process_time() - started < 2
