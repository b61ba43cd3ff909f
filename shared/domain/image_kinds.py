"""What kind of file bytes are that no decoder here knows: another image format, or none at all.

Only the beginning is read. Images of formats that cannot be decoded here are kept under their own
content type, and so are bytes of an unknown kind: a provider was paid for them. Pages, documents
and archives are what servers send instead of an image, and are refused.
"""

import re
from typing import Final, NamedTuple

HEAD_BYTES: Final = 512  # a tar archive tells what it is at byte 257
_SHORTEST: Final = 12


class Kind(NamedTuple):
    content_type: str
    extension: str


UNKNOWN: Final = Kind("application/octet-stream", "bin")

_AVIF: Final = Kind("image/avif", "avif")
_HEIC: Final = Kind("image/heic", "heic")
_HEIF: Final = Kind("image/heif", "heif")
_JXL: Final = Kind("image/jxl", "jxl")
_JP2: Final = Kind("image/jp2", "jp2")
_TIFF: Final = Kind("image/tiff", "tiff")
# A brand names the codec. `mif1` and `msf1` name the container alone, so they are read last.
_BRANDS: Final[dict[bytes, Kind]] = {
    b"avif": _AVIF,
    b"avis": _AVIF,
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), _HEIC),
    b"mif1": _HEIF,
    b"msf1": _HEIF,
}
_IMAGES: Final[tuple[tuple[re.Pattern[bytes], Kind], ...]] = tuple(
    (re.compile(signature, re.DOTALL), kind)
    for signature, kind in (
        (rb"BM.{4}\0{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", Kind("image/bmp", "bmp")),
        (rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]", _TIFF),
        (rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", _JXL),
        (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", _JP2),
        (rb"\0\0\x01\0[^\0]\0", Kind("image/vnd.microsoft.icon", "ico")),
        (rb"qoif", Kind("image/qoi", "qoi")),
        (rb"8BPS\0[\x01\x02]", Kind("image/vnd.adobe.photoshop", "psd")),
    )
)
_REFUSED: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = tuple(
    (re.compile(signature, re.DOTALL), name)
    for signature, name in (
        (rb".{0,500}?%PDF-", "a PDF"),
        (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a zip archive"),
        (
            rb"\x1f[\x8b\x9d\xa0]|BZh[1-9]|\xfd7zXZ\0|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18",
            "an archive",
        ),
        (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|MSCF\0|LZIP", "an archive"),
        (rb".{257}ustar", "a tar archive"),
    )
)
_UTF_16_OR_32: Final = re.compile(rb"\xff\xfe|\xfe\xff|\0\0\xfe\xff|\0{0,3}[<{\[\"]\0{1,3}[^\0]")
# Text of any encoding that keeps ASCII has none of these; an image has one in its first bytes.
_CONTROLS: Final = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_MARKUP: Final = re.compile(
    rb"(\xef\xbb\xbf)?\s*<(!|\?xml|html|svg|head|body|error)", re.IGNORECASE
)


class NotKept(Exception):
    """The bytes are no image: the message says what they are instead."""


def kind_of(head: bytes) -> Kind:
    """Return the kind of a file from its first bytes; HEAD_BYTES are enough.

    Raises NotKept for text, documents, archives and what is too short to be an image.
    """
    if len(head) < _SHORTEST:
        raise NotKept("too short for any image")
    if known := _container(head) or _named(head):
        return known
    for signature, name in _REFUSED:
        if signature.match(head):
            raise NotKept(name)
    if _is_text(head):
        raise NotKept("text")
    return UNKNOWN


def _container(head: bytes) -> Kind | None:
    """Read the brands of an ISO base media file: the major one, then the compatible ones."""
    if head[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(head[:4]), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size, 4))]
    named = [brand for brand in brands if brand in _BRANDS]
    by_codec = sorted(named, key=lambda brand: _BRANDS[brand] is _HEIF)
    return _BRANDS[by_codec[0]] if by_codec else None


def _named(head: bytes) -> Kind | None:
    return next((kind for signature, kind in _IMAGES if signature.match(head)), None)


def _is_text(head: bytes) -> bool:
    is_plain = _CONTROLS.search(head[:HEAD_BYTES]) is None
    return bool(is_plain or _UTF_16_OR_32.match(head) or _MARKUP.match(head))
