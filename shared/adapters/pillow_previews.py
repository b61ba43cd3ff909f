"""Previews by Pillow: this file alone imports it, and one function's package alone holds it.

What is decoded comes from strangers. So its size is read before Pillow sees it, Pillow may try
three formats and no other, its own guard against bombs is an error and not a warning, and what
passes `verify()` is opened anew and decoded to the last pixel: many broken files pass `verify()`.
"""

import base64
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

from PIL import Image

from shared.domain.errors import Undecodable
from shared.domain.image_probe import ImageProbe, NotAnImage, Truncated
from shared.ports.media import Preview

_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_SIDE: Final = 512
_QUALITY: Final = 80
_TINY_SIDE: Final = 16
# Even noise stays below 400 characters with these; transparency takes its share.
_TINY_QUALITY: Final = {"RGB": 20, "RGBA": 4}
_PIECE: Final = 1024 * 1024
_TRANSPARENT: Final = frozenset({"RGBA", "LA", "PA"})
# What Pillow raises at broken files; anything else is an error of ours, for the dead letters.
_BROKEN: Final = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class PillowPreviewer:
    """Memory: about 17 bytes for each pixel and three times the file, WebP being the worst."""

    def __init__(self, *, most_pixels: int) -> None:
        self._most_pixels = most_pixels

    def __call__(self, content: bytes) -> Preview:
        size = self._size_of(content)
        with _guarded(self._most_pixels):
            _verify(content)
            picture = _decoded(content, size=size)
        return Preview(content=_webp(picture, quality=_QUALITY), placeholder=_placeholder(picture))

    def _size_of(self, content: bytes) -> tuple[int, int]:
        """Return width and height as the file tells them. Raises Undecodable."""
        probe = ImageProbe()
        for start in range(0, len(content), _PIECE):
            probe.feed(content[start : start + _PIECE])
        try:
            facts = probe.finish()
        except (NotAnImage, Truncated) as exc:
            raise Undecodable(str(exc)) from exc
        width, height = facts.width or 0, facts.height or 0
        if width * height > self._most_pixels:
            raise Undecodable(f"{width} x {height} pixels are too many")
        return width, height


@contextmanager
def _guarded(most_pixels: int) -> Iterator[None]:
    """Let whatever Pillow raises at a broken file mean just that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of odd metadata, which previews do without
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        Image.MAX_IMAGE_PIXELS = most_pixels
        try:
            yield
        except _BROKEN as exc:
            raise Undecodable(f"{type(exc).__name__} while it was decoded") from exc


def _verify(content: bytes) -> None:
    with Image.open(BytesIO(content), formats=_FORMATS) as image:
        image.verify()


def _decoded(content: bytes, *, size: tuple[int, int]) -> Image.Image:
    """Decode the whole image, then make it small; what was large is gone when this returns."""
    with Image.open(BytesIO(content), formats=_FORMATS) as image:
        if image.size != size or getattr(image, "n_frames", 1) > 1:
            raise ValueError("more than one picture, or of another size than the file tells")
        image.load()
        resizable = _resizable(image)
        resizable.thumbnail((_SIDE, _SIDE))
    return resizable.convert("RGBA" if resizable.mode in _TRANSPARENT else "RGB")


def _resizable(image: Image.Image) -> Image.Image:
    """Return the image in a mode whose neighbouring values may be mixed."""
    if image.mode == "P" or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    if image.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off above 255
        return image.point(lambda value: value / 256).convert("L")
    return image


def _placeholder(picture: Image.Image) -> str:
    tiny = picture.copy()
    tiny.thumbnail((_TINY_SIDE, _TINY_SIDE))
    content = _webp(tiny, quality=_TINY_QUALITY[tiny.mode], alpha_quality=0)
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


def _webp(picture: Image.Image, **options: Any) -> bytes:
    """Encode pixels alone: no profile, no metadata."""
    file = BytesIO()
    picture.save(file, "WEBP", **options)
    return file.getvalue()
