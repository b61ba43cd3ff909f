import io
import random
import struct
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared.domain.image_probe import (
    ImageFacts,
    ImageProbe,
    NotAnImage,
    Truncated,
    facts_of_reference,
)

WIDTH, HEIGHT = 37, 21


def noise(mode: str = "RGB", size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image.Image:
    """Return pixels that do not compress, so that JPEG data holds stuffed 0xFF bytes."""
    pixels = random.Random(7).randbytes(size[0] * size[1] * len(mode))  # noqa: S311  a fixed seed
    return Image.frombytes(mode, size, pixels)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def exif_with_thumbnail() -> bytes:
    """Return an APP1 payload whose second directory points at a whole JPEG inside it."""
    thumbnail = saved(noise(size=(16, 8)), "JPEG")
    first = struct.pack("<HI", 0, 14)
    second = struct.pack("<HHHIIHHIII", 2, 0x201, 4, 1, 44, 0x202, 4, 1, len(thumbnail), 0)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + second + thumbnail


def animation() -> bytes:
    frames = [noise("L"), noise("L").rotate(180)]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:], comment=b"x" * 600)


FILES = {
    "png": saved(noise(), "PNG"),
    "png with alpha": saved(noise("RGBA"), "PNG"),
    "png with a palette": saved(noise().quantize(16), "PNG"),
    "jpeg": saved(noise(), "JPEG", quality=95),
    "jpeg in grey": saved(noise("L"), "JPEG"),
    "jpeg, progressive": saved(noise(), "JPEG", progressive=True, quality=95),
    "jpeg with restarts": saved(noise(), "JPEG", restart_marker_blocks=1),
    "jpeg with a thumbnail": saved(noise(), "JPEG", exif=exif_with_thumbnail()),
    "webp, lossy": saved(noise(), "WEBP"),
    "webp, lossless": saved(noise(), "WEBP", lossless=True),
    "webp with alpha": saved(noise("RGBA"), "WEBP"),
    "webp, extended": saved(noise(), "WEBP", exif=b"Exif\0\0II*\0" + bytes(8)),
    "gif": saved(noise("L"), "GIF"),
    "gif, animated": animation(),
}
TYPES = {"png": "png", "jpeg": "jpg", "webp": "webp", "gif": "gif"}


def kind_of(name: str) -> str:
    return name.partition(" ")[0].strip(",")


def facts_of(*chunks: bytes) -> ImageFacts:
    probe = ImageProbe()
    for chunk in chunks:
        probe.feed(chunk)
    return probe.finish()


def outcome(chunks: Iterable[bytes]) -> ImageFacts | str:
    try:
        return facts_of(*chunks)
    except (NotAnImage, Truncated) as exc:
        return f"{type(exc).__name__}: {exc}"


def every_file() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", FILES)


@every_file()
def test_a_whole_file_tells_its_type_and_size(name: str) -> None:
    kind = kind_of(name)

    assert facts_of(FILES[name]) == ImageFacts(
        content_type=f"image/{kind}", extension=TYPES[kind], width=WIDTH, height=HEIGHT
    )


@every_file()
def test_no_beginning_of_a_file_passes_for_the_whole(name: str) -> None:
    probe = ImageProbe()

    for place in range(len(FILES[name])):
        with pytest.raises((NotAnImage, Truncated)):
            probe.finish()
        probe.feed(FILES[name][place : place + 1])

    assert probe.finish() == facts_of(FILES[name])


@every_file()
def test_a_file_that_lost_its_last_byte_is_truncated(name: str) -> None:
    with pytest.raises(Truncated):
        facts_of(FILES[name][:-1])


@every_file()
def test_bytes_after_the_end_count_for_nothing(name: str) -> None:
    following = b"<script>alert(1)</script>" + FILES["png"]

    assert facts_of(FILES[name], following) == facts_of(FILES[name] + following)
    assert facts_of(FILES[name] + following) == facts_of(FILES[name])


@every_file()
def test_the_type_is_known_after_a_few_bytes(name: str) -> None:
    probe = ImageProbe()
    with pytest.raises(NotAnImage):
        probe.kind()

    probe.feed(FILES[name][:16])

    assert probe.kind() == (f"image/{kind_of(name)}", TYPES[kind_of(name)])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<!doctype html><title>404</title>",
        b'{"error": "gone"}',
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7 and so on",
        b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00",
        b"BM" + bytes(60),
        bytes(100),
    ],
)
def test_anything_else_is_not_an_image(content: bytes) -> None:
    with pytest.raises(NotAnImage):
        facts_of(content)


def test_what_is_no_image_is_known_before_it_has_all_come() -> None:
    probe = ImageProbe()

    probe.feed(b"<!doctype html>")

    with pytest.raises(NotAnImage):
        probe.kind()


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + bytes(4)


def png(*, width: int = 1, height: int = 1, body: bytes = chunk(b"IDAT", b"x")) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND")


def segment(code: int, data: bytes = b"") -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(data) + 2) + data


FRAME = struct.pack(">BHHB", 8, 5, 7, 1) + b"\x01\x11\x00"
JPEG_HEAD = b"\xff\xd8" + segment(0xFE, b"a comment")
JPEG_SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"entropy\xff\x00\xff\xd3more"


@pytest.mark.parametrize("code", [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCF])
def test_every_kind_of_jpeg_frame_tells_the_size(code: int) -> None:
    facts = facts_of(JPEG_HEAD + segment(code, FRAME) + JPEG_SCAN + b"\xff\xd9")

    assert (facts.width, facts.height) == (7, 5)


@pytest.mark.parametrize("code", [0xC4, 0xC8, 0xCC])
def test_what_only_looks_like_a_jpeg_frame_tells_no_size(code: int) -> None:
    with pytest.raises(NotAnImage):
        facts_of(JPEG_HEAD + segment(code, FRAME) + JPEG_SCAN + b"\xff\xd9")


def test_fill_bytes_before_a_jpeg_marker_are_allowed() -> None:
    fill = b"\xff" * 5

    facts = facts_of(JPEG_HEAD + fill + segment(0xC0, FRAME) + JPEG_SCAN + fill + b"\xff\xd9")

    assert (facts.width, facts.height) == (7, 5)


def test_the_one_jpeg_marker_without_a_length_is_passed_over() -> None:
    content = JPEG_HEAD + segment(0xC0, FRAME) + JPEG_SCAN + b"\xff\x01pixels\xff\xd9"

    assert (facts_of(content).width, facts_of(content).height) == (7, 5)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(png(width=0), id="png of no width"),
        pytest.param(png(height=0), id="png of no height"),
        pytest.param(png(body=b""), id="png without pixels"),
        pytest.param(png(body=chunk(b"IDAT") + chunk(b"ID\0T")), id="png out of step"),
        pytest.param(png(body=b"\xff" * 4 + b"IDAT"), id="png with an impossible chunk"),
        pytest.param(png().replace(b"IHDR", b"CgBI"), id="png without its header first"),
        pytest.param(JPEG_HEAD + JPEG_SCAN + b"\xff\xd9", id="jpeg without a frame"),
        pytest.param(JPEG_HEAD + segment(0xC0, FRAME) + b"\xff\xd9", id="jpeg without a scan"),
        pytest.param(JPEG_HEAD + segment(0xC0, FRAME[:3]) + b"12345678", id="jpeg, short frame"),
        pytest.param(JPEG_HEAD + b"\xff\xe1\x00\x01" + bytes(9), id="jpeg, short segment"),
        pytest.param(JPEG_HEAD + b"\xff\xd8", id="jpeg in a jpeg"),
        pytest.param(JPEG_HEAD + b"\xff\x42", id="jpeg with a reserved marker"),
        pytest.param(b"RIFF\x20\0\0\0WEBPALPH" + bytes(24), id="webp without a picture"),
        pytest.param(b"RIFF\x04\0\0\0WEBPVP8L" + bytes(24), id="webp smaller than its header"),
        pytest.param(b"RIFF\x20\0\0\0WEBPVP8L\xff\0\0\0" + bytes(24), id="webp, long chunk"),
        pytest.param(b"RIFF\x20\0\0\0WEBPVP8L\x05\0\0\0" + bytes(24), id="webp, bad lossless"),
        pytest.param(b"RIFF\x20\0\0\0WEBPVP8 \x0a\0\0\0" + bytes(24), id="webp, bad lossy"),
        pytest.param(b"GIF89a\1\0\1\0\0\0\0;", id="gif without a frame"),
        pytest.param(b"GIF89a\1\0\1\0\0\0\0?", id="gif out of step"),
        pytest.param(FILES["gif"][:6] + bytes(4) + FILES["gif"][10:], id="gif of no size"),
    ],
)
def test_a_file_that_cannot_be_a_picture_is_not_an_image(content: bytes) -> None:
    with pytest.raises(NotAnImage):
        facts_of(content)


def test_a_broken_image_still_tells_what_it_tried_to_be() -> None:
    probe = ImageProbe()

    probe.feed(png(body=b""))

    assert probe.kind().extension == "png"
    with pytest.raises(NotAnImage):
        probe.finish()


@every_file()
def test_what_lost_its_last_byte_still_tells_its_size(name: str) -> None:
    probe = ImageProbe()
    probe.feed(FILES[name][:-1])

    facts = probe.facts()

    assert (facts.width, facts.height, probe.is_sound) == (WIDTH, HEIGHT, False)


BASELINE = {
    "colour": saved(noise(), "JPEG", quality=95),
    "colour, not subsampled": saved(noise(), "JPEG", quality=95, subsampling=0),
    "colour, halved one way": saved(noise(), "JPEG", subsampling=1),
    "grey": saved(noise("L"), "JPEG"),
    "restarts": saved(noise(), "JPEG", restart_marker_blocks=1),
    "one colour": saved(Image.new("RGB", (200, 100), "teal"), "JPEG"),
    "four inks": saved(noise("CMYK"), "JPEG"),
}


@pytest.mark.parametrize("name", BASELINE)
def test_a_jpeg_without_its_end_marker_will_do_for_a_reference(name: str) -> None:
    whole = facts_of(BASELINE[name])

    assert facts_of_reference(BASELINE[name]) == whole
    assert facts_of_reference(BASELINE[name][:-2]) == whole
    assert facts_of_reference(BASELINE[name][:-1]) == whole


@pytest.mark.parametrize("name", BASELINE)
def test_a_jpeg_that_lacks_some_of_its_picture_will_not(name: str) -> None:
    content = BASELINE[name]
    scan = content.index(b"\xff\xda") + 2

    for lacking in range(5, len(content) - scan, 97):
        with pytest.raises((NotAnImage, Truncated)):
            facts_of_reference(content[:-lacking])


@pytest.mark.parametrize(
    "content",
    [
        FILES["jpeg"][:200],
        FILES["jpeg"][:2],
        b"\xff\xd8\xff\xd8" + bytes(20),
        *(FILES[name][:-2] for name in ("png", "webp, lossy", "gif", "jpeg, progressive")),
        b"BM" + bytes(60),
        FILES["jpeg"][:-2] + bytes(4 * 1024 * 1024),
        JPEG_HEAD + segment(0xC0, FRAME) + JPEG_SCAN,
        JPEG_HEAD + segment(0xC0, FRAME) + segment(0xDA, b"\x02\x01\x00\x00\x3f\x00") + b"pixels",
        FILES["jpeg"][:-2].replace(b"\xff\xc4", b"\xff\xe4"),
    ],
    ids=[
        *("tables alone", "a mark alone", "unsound", "png", "webp", "gif", "progressive"),
        *("another format", "too large", "no tables", "another scan", "no codes"),
    ],
)
def test_nothing_else_that_is_cut_will_do_for_a_reference(content: bytes) -> None:
    with pytest.raises((NotAnImage, Truncated)):
        facts_of_reference(content)


def test_metadata_is_passed_over_without_being_kept() -> None:
    piece = bytes(65_536)
    probe = ImageProbe()
    probe.feed(FILES["png"][:33] + struct.pack(">I", 320 * len(piece)) + b"tEXt")
    tracemalloc.start()
    try:
        for _ in range(320):
            probe.feed(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    probe.feed(bytes(4) + FILES["png"][33:])

    assert peak < 300_000
    assert (probe.finish().width, probe.finish().height) == (WIDTH, HEIGHT)


def test_a_file_made_of_countless_tiny_parts_is_given_up() -> None:
    endless = FILES["gif"][:-2] + b"\x01x" * 600_000

    with pytest.raises(NotAnImage):
        facts_of(endless)


def cut(content: bytes, places: list[int]) -> list[bytes]:
    ends = sorted(place % (len(content) + 1) for place in places)
    return [content[a:b] for a, b in zip([0, *ends], [*ends, len(content)], strict=True)]


PLACES = st.lists(st.integers(0, 10_000), max_size=12)
HEADS = st.sampled_from(
    [b"", JPEG_HEAD, png()[:33], b"GIF89a\1\0\1\0\0\0\0", b"RIFF\x40\0\0\0WEBPVP8 "]
)


@given(head=HEADS, tail=st.binary(max_size=200), places=PLACES)
def test_any_bytes_in_any_pieces_get_the_same_answer(
    head: bytes, tail: bytes, places: list[int]
) -> None:
    content = head + tail

    assert outcome(cut(content, places)) == outcome([content])


@given(
    name=st.sampled_from(list(FILES)),
    damage=st.binary(max_size=6),
    place=st.integers(0, 10_000),
    places=PLACES,
)
def test_a_damaged_file_in_any_pieces_gets_the_same_answer(
    name: str, damage: bytes, place: int, places: list[int]
) -> None:
    content = bytearray(FILES[name])
    place %= len(content)
    content[place : place + len(damage)] = damage

    assert outcome(cut(bytes(content), places)) == outcome([bytes(content)])
