"""Decoding what strangers made: good pictures become small ones, and nothing else does harm."""

import base64
import io
import random
import struct
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from shared.adapters.pillow_previews import PillowPreviewer
from shared.domain.errors import Undecodable
from shared.domain.image import MOST_PIXELS
from shared.ports.media import Preview
from tests.unit.domain.test_image_probe import FILES, exif_with_thumbnail, noise, saved

make = PillowPreviewer(most_pixels=MOST_PIXELS)

STILL = {name: content for name, content in FILES.items() if not name.startswith("gif")}
TEAL = (0, 128, 128)
SECRET = "SECRET-OF-THE-ORIGINAL"  # what must not be carried over


def opened(preview: Preview) -> Image.Image:
    image = Image.open(io.BytesIO(preview.content), formats=["WEBP"])
    image.load()
    return image


def placeholder_of(preview: Preview) -> Image.Image:
    head, _, data = preview.placeholder.partition(",")
    assert head == "data:image/webp;base64"
    image = Image.open(io.BytesIO(base64.b64decode(data)), formats=["WEBP"])
    image.load()
    return image


def is_near(colour: Any, wanted: tuple[int, ...], *, by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(colour, wanted, strict=True))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(b"IHDR", header), *chunks, chunk(b"IEND", b"")])


def zeros(count: int) -> bytes:
    """Return so many zeros, compressed, without ever holding them."""
    squeeze = zlib.compressobj(9)
    megabyte = bytes(1024 * 1024)
    parts = [squeeze.compress(megabyte) for _ in range(count // len(megabyte))]
    return b"".join(parts) + squeeze.flush()


class TestGood:
    @pytest.mark.parametrize("name", STILL)
    def test_every_kind_of_picture_gets_a_preview(self, name: str) -> None:
        preview = make(STILL[name])

        assert opened(preview).size == (37, 21)
        assert max(placeholder_of(preview).size) == 16
        assert len(preview.placeholder) < 400

    @pytest.mark.parametrize(
        ("size", "small", "tiny"),
        [
            ((4096, 2304), (512, 288), (16, 9)),
            ((600, 2000), (154, 512), (5, 16)),
            ((512, 512), (512, 512), (16, 16)),
            ((300, 200), (300, 200), (16, 11)),
            ((9, 4), (9, 4), (9, 4)),
            ((10_000, 1), (512, 1), (16, 1)),
        ],
    )
    def test_a_preview_is_small_in_shape_and_never_enlarged(
        self, size: tuple[int, int], small: tuple[int, int], tiny: tuple[int, int]
    ) -> None:
        preview = make(saved(Image.new("RGB", size, TEAL), "PNG"))

        assert (opened(preview).size, placeholder_of(preview).size) == (small, tiny)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
    def test_colours_stay(self, kind: str) -> None:
        preview = make(saved(Image.new("RGB", (800, 600), TEAL), kind))

        assert is_near(opened(preview).getpixel((256, 192)), TEAL)
        assert is_near(placeholder_of(preview).getpixel((8, 6)), TEAL)

    def test_a_jpeg_for_printers_keeps_its_colours(self) -> None:
        preview = make(saved(Image.new("RGB", (800, 600), TEAL).convert("CMYK"), "JPEG"))

        assert is_near(opened(preview).getpixel((256, 192)), TEAL)

    def test_sixteen_bits_of_grey_are_not_cut_off(self) -> None:
        rows = b"".join(b"\0" + struct.pack(">H", 0x4000) * 64 for _ in range(64))
        picture = png(64, 64, chunk(b"IDAT", zlib.compress(rows)), depth=16)

        assert is_near(opened(make(picture)).getpixel((32, 32)), (0x40, 0x40, 0x40), by=3)

    def test_sixteen_bits_of_each_colour_are_taken(self) -> None:
        pixel = struct.pack(">HHH", 0, 0x8000, 0x8000)
        rows = b"".join(b"\0" + pixel * 64 for _ in range(64))
        picture = png(64, 64, chunk(b"IDAT", zlib.compress(rows)), depth=16, colour=2)

        assert is_near(opened(make(picture)).getpixel((32, 32)), TEAL)

    def test_one_bit_becomes_grey_where_it_is_made_small(self) -> None:
        board = Image.new("1", (1024, 1024))
        board.putdata([(x + y) % 2 for y in range(1024) for x in range(1024)])

        assert is_near(opened(make(saved(board, "PNG"))).getpixel((256, 256)), (128, 128, 128))

    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    def test_what_is_transparent_stays_so(self, mode: str) -> None:
        picture = Image.new("RGBA", (800, 600), (0, 0, 0, 0)).convert(mode)

        preview = make(saved(picture, "PNG"))

        assert opened(preview).getpixel((256, 192))[3] == 0  # type: ignore[index]  # RGBA
        assert placeholder_of(preview).getpixel((8, 6))[3] == 0  # type: ignore[index]  # RGBA

    def test_a_palette_may_be_transparent_too(self) -> None:
        picture = Image.new("P", (800, 600), 1)
        picture.putpalette([*TEAL, 255, 0, 0])

        seen = opened(make(saved(picture, "PNG", transparency=b"\xff\x80")))

        assert is_near(seen.getpixel((256, 192)), (255, 0, 0, 128))

    def test_one_colour_may_stand_for_transparent(self) -> None:
        seen = opened(make(saved(Image.new("RGB", (64, 64), TEAL), "PNG", transparency=TEAL)))

        assert seen.getpixel((32, 32))[3] == 0  # type: ignore[index]  # RGBA

    def test_what_follows_the_end_of_a_picture_is_not_carried_over(self) -> None:
        polyglot = STILL["png"] + f"<script>{SECRET}</script>".encode()

        assert SECRET.encode() not in make(polyglot).content

    def test_metadata_is_not_carried_over(self) -> None:
        info = PngImagePlugin.PngInfo()
        info.add_text("prompt", SECRET)
        exif = Image.Exif()
        exif[0x010E] = SECRET
        files = [
            saved(noise(), "PNG", pnginfo=info, icc_profile=SECRET.encode()),
            saved(noise(), "PNG", exif=exif),
            saved(noise(), "JPEG", comment=SECRET, exif=exif, icc_profile=SECRET.encode()),
            saved(noise(), "WEBP", exif=exif, xmp=SECRET.encode(), icc_profile=SECRET.encode()),
        ]

        for content in files:
            preview = make(content)
            assert SECRET.encode() not in preview.content
            assert {"exif", "icc_profile", "xmp"}.isdisjoint(opened(preview).info)

    def test_odd_metadata_keeps_nobody_from_looking(self) -> None:
        content = STILL["png"]
        no_frames = chunk(b"acTL", bytes(8))
        make(content[:33] + no_frames + content[33:])
        make(saved(noise(), "JPEG", exif=exif_with_thumbnail()))
        make(saved(noise(), "JPEG", exif=b"Exif\0\0 is no directory"))

    @given(st.integers(0, 2**32), st.sampled_from(["RGB", "RGBA"]), st.sampled_from([2, 3, 256]))
    @settings(deadline=None, max_examples=60)
    def test_a_placeholder_is_short_whatever_it_shows(
        self, seed: int, mode: str, shades: int
    ) -> None:
        chance = random.Random(seed)  # noqa: S311  # a seed must replay
        values = chance.randbytes(16 * 16 * len(mode))
        pixels = bytes(value % shades * 255 // (shades - 1) for value in values)
        picture = saved(Image.frombytes(mode, (16, 16), pixels), "PNG")

        assert len(make(picture).placeholder) < 400


class TestBombs:
    def test_nine_hundred_megapixels_in_a_few_kilobytes_are_not_decoded(self) -> None:
        rows = zeros(30_000 * (30_000 // 8 + 1))
        bomb = png(30_000, 30_000, chunk(b"IDAT", rows), depth=1)
        assert len(bomb) < 150_000

        tracemalloc.start()
        with pytest.raises(Undecodable, match="30000 x 30000 pixels are too many"):
            make(bomb)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < 4 * 1024 * 1024

    @pytest.mark.parametrize(
        "content",
        [
            png(2**31 - 1, 2**31 - 1, chunk(b"IDAT", b"x")),
            b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\1\1\x11\0\xff\xda\0\x08\1\1\0\0\x3f\0\0\xff\xd9",
            b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff",
            b"RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0\x2f\xff\xff\xff\x0f\0",
        ],
        ids=["png", "jpeg", "webp", "webp, lossless"],
    )
    def test_a_size_beyond_all_bounds_is_refused_by_itself(self, content: bytes) -> None:
        with pytest.raises(Undecodable, match="too many"):
            make(content)

    def test_one_pixel_more_than_is_allowed_is_too_many(self) -> None:
        content = saved(noise(size=(10, 10)), "PNG")

        assert opened(PillowPreviewer(most_pixels=100)(content)).size == (10, 10)
        with pytest.raises(Undecodable):
            PillowPreviewer(most_pixels=99)(content)

    def test_pillows_own_guard_stands_behind_ours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        small = PillowPreviewer(most_pixels=99)
        monkeypatch.setattr(small, "_size_of", lambda _: (10, 10))

        for size in ((10, 10), (20, 20)):  # where it warns, and where it refuses
            with pytest.raises(Undecodable, match="DecompressionBomb"):
                small(saved(noise(size=size), "PNG"))

    def test_text_that_unfolds_into_gigabytes_is_not_read(self) -> None:
        text = chunk(b"zTXt", b"prompt\0\0" + zeros(256 * 1024 * 1024))
        rows = chunk(b"IDAT", zlib.compress(bytes(2)))

        with pytest.raises(Undecodable):
            make(png(1, 1, text, rows))

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_an_animation_is_not_decoded(self, kind: str) -> None:
        frames = [noise(), noise().rotate(180)]
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:])

        with pytest.raises(Undecodable):
            make(content)


class TestBroken:
    @pytest.mark.parametrize("name", STILL)
    def test_no_beginning_of_a_picture_passes_for_the_whole(self, name: str) -> None:
        content = STILL[name]

        for length in [*range(64), *range(64, len(content), 97), len(content) - 1]:
            with pytest.raises(Undecodable):
                make(content[:length])

    @pytest.mark.parametrize("name", [name for name in STILL if name.startswith("png")])
    def test_a_png_with_its_end_put_back_is_still_cut(self, name: str) -> None:
        content = STILL[name]
        data = content.index(b"IDAT")
        length = int.from_bytes(content[data - 4 : data])

        for left in range(0, length - 8, 101):
            cut = content[data + 4 : data + 4 + left]
            mended = content[: data - 4] + chunk(b"IDAT", cut) + chunk(b"IEND", b"")
            with pytest.raises(Undecodable):
                make(mended)

    @pytest.mark.parametrize("name", [name for name in STILL if name.startswith("webp")])
    def test_a_webp_that_owns_to_being_short_is_still_cut(self, name: str) -> None:
        content = STILL[name]

        for length in range(64, len(content) - 8, 97):
            size = struct.pack("<I", length - 8)
            with pytest.raises(Undecodable):
                make(content[:4] + size + content[8:length])

    def test_a_picture_with_a_wrong_checksum_is_refused(self) -> None:
        """Its pixels could be decoded: only `verify()` looks at this."""
        content = bytearray(STILL["png"])
        data = content.index(b"IDAT")
        content[data + 4 + int.from_bytes(content[data - 4 : data])] ^= 1

        with pytest.raises(Undecodable):
            make(bytes(content))

    @pytest.mark.parametrize("name", ["png", "gif"])
    def test_what_passes_our_own_look_has_to_pass_pillows(
        self, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        trusting = PillowPreviewer(most_pixels=MOST_PIXELS)
        wrong = (37, 22) if name == "png" else (37, 21)
        monkeypatch.setattr(trusting, "_size_of", lambda _: wrong)

        with pytest.raises(Undecodable, match="while it was decoded"):
            trusting(FILES[name])

    def test_what_a_jpeg_lacks_in_its_midst_is_filled_in(self) -> None:
        """No library for Python tells: docs/reliability.md says so."""
        content = STILL["jpeg"]

        assert opened(make(content[: len(content) // 2] + b"\xff\xd9")).size == (37, 21)

    @pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "ICO", "PPM", "TGA", "PDF", "JPEG2000"])
    def test_other_formats_are_not_tried(self, kind: str) -> None:
        with pytest.raises(Undecodable):
            make(saved(noise(), kind))

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<html><body>404</body></html>",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
            b'{"error": "gone"}',
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            b"<script></script>" + STILL["png"],
            b"\x89PNG\r\n\x1a\n" + STILL["jpeg"],
        ],
        ids=["nothing", "html", "svg", "json", "eps", "html first", "two heads"],
    )
    def test_what_is_no_picture_is_refused(self, content: bytes) -> None:
        with pytest.raises(Undecodable):
            make(content)

    @given(st.data())
    @settings(deadline=None, max_examples=300)
    def test_a_damaged_picture_is_decoded_or_refused_and_nothing_else(
        self, data: st.DataObject
    ) -> None:
        content = bytearray(data.draw(st.sampled_from(sorted(STILL.values()))))
        places = st.integers(0, len(content) - 1)
        for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=8)):
            content[place] = value

        try:
            preview = make(bytes(content))
        except Undecodable:
            return
        opened(preview)
        placeholder_of(preview)
