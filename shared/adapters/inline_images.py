"""Images that come as text instead of by link: base64 and data URIs, in every usual dress."""

import re
from base64 import b64decode
from contextlib import AbstractContextManager, nullcontext
from typing import Final
from urllib.parse import unquote_to_bytes

from shared.domain.bounds import LONGEST_LINK
from shared.domain.errors import ErrorCode, Fault, ResultUnavailable
from shared.domain.image_kinds import UNKNOWN, Kind
from shared.domain.image_probe import ImageProbe, NotAnImage
from shared.ports.media import Download, ImageSource

_LINK: Final = re.compile(r"https?:", re.IGNORECASE)
_DATA_URI: Final = re.compile(r"data:", re.IGNORECASE)
# A data URI whose scheme was lost on the way still names its encoding.
_HEADER: Final = re.compile(r"(?:data:)?[\w/+.;=\" -]{0,200}", re.IGNORECASE)
_BASE64: Final = re.compile(r";\s*base64\s*$|^base64$", re.IGNORECASE)
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_WHITESPACE: Final = b" \t\r\n\f\v"
_QUANTUM: Final = 4


def decoded(text: str) -> bytes | None:
    """Return the bytes behind base64 or a data URI; None for what is neither, or empty.

    Base64 may be of the standard or the URL alphabet, padded or not, in lines, percent-encoded.
    """
    header, comma, payload = text.strip().partition(",")
    if not comma:
        return _from_base64(header)
    if not _HEADER.fullmatch(header):
        return None
    if _BASE64.search(header):
        return _from_base64(payload)
    return _plain(payload) if _DATA_URI.match(header) else None


def image_in(row: object) -> str | bytes | None:
    """Return the image that a row of an answer holds: its bytes where they are, else its link."""
    if not isinstance(row, dict):
        return None
    url, inline = row.get("url"), row.get("b64_json")
    content = decoded(inline) if isinstance(inline, str) else None
    if content and _may_be_an_image(content):
        return content
    return (_in_url(url) if isinstance(url, str) and url else None) or content


def link_of(text: str) -> str:
    """Return what stands where a status has its link, as a link: bare base64 becomes a data URI."""
    if _LINK.match(text) or _DATA_URI.match(text):
        return text
    content = decoded(text)
    return f"data:;base64,{text}" if content and _is_known(content) else text


def inline(text: str) -> str:
    """Return base64 as a data URI, of whatever format it is; what is a link or URI stays."""
    is_uri = _LINK.match(text) or _DATA_URI.match(text)
    return text if is_uri else f"data:;base64,{text}"


class ResultSource:
    """Results by link, and those whose link is the image itself: a data URI is never fetched."""

    def __init__(self, links: ImageSource) -> None:
        self._links = links

    def open(self, url: str) -> AbstractContextManager[Download]:
        return nullcontext(_opened(url)) if _DATA_URI.match(url) else self._links.open(url)


def _opened(url: str) -> Download:
    content = decoded(url)
    if content is None:
        message = "the image came inline, in an encoding that cannot be read"
        raise ResultUnavailable(Fault(code=ErrorCode.NOT_AN_IMAGE, message=message))
    return Download(iter([content]), announced=len(content), is_whole=True)


def _in_url(url: str) -> str | bytes | None:
    if _DATA_URI.match(url):
        return decoded(url)
    content = None if _LINK.match(url) else decoded(url)
    if content and _is_known(content):
        return content
    return url if len(url) <= LONGEST_LINK else None


def _plain(payload: str) -> bytes | None:
    """Read a data URI that names no encoding: percent-encoded bytes, or base64 without the word."""
    content = unquote_to_bytes(payload)
    if not _is_known(content):
        unnamed = _from_base64(payload)
        content = unnamed if unnamed and _is_known(unnamed) else content
    return content or None


def _from_base64(text: str) -> bytes | None:
    try:
        plain = unquote_to_bytes(text) if "%" in text else text.encode("ascii")
        digits = plain.translate(_TO_STANDARD, _WHITESPACE).rstrip(b"=")
        return b64decode(digits + b"=" * (-len(digits) % _QUANTUM), validate=True) or None
    except ValueError:
        return None


def _is_known(content: bytes) -> bool:
    """Whether the bytes are an image of a known format, seen by their beginning."""
    return _kind(content) not in {None, UNKNOWN}


def _may_be_an_image(content: bytes) -> bool:
    """Whether the bytes would be stored: also where nobody here knows their format."""
    return _kind(content) is not None


def _kind(content: bytes) -> Kind | None:
    probe = ImageProbe()
    probe.feed(content[:64])
    try:
        return probe.kind()
    except NotAnImage:
        return None
