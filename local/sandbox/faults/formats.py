"""Pictures in formats that a caller did not ask for."""

from io import BytesIO
from typing import Final

from PIL import Image

_SIDE: Final = 256  # a small one will do, and AVIF takes long
# Of what Pillow cannot write, the beginning that tells the format, and no picture.
_HEADS: Final = {
    "heic": b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf",
    "jxl": b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl ",
}


def other_format(data: bytes, name: str) -> bytes:
    """Return the picture in another format; HEIC and JPEG XL look like one to who reads on."""
    head = _HEADS.get(name)
    return encoded(data, name.upper()) if head is None else head + data


def encoded(data: bytes, kind: str) -> bytes:
    file = BytesIO()
    with Image.open(BytesIO(data)) as picture:
        picture.thumbnail((_SIDE, _SIDE))
        picture.convert("RGB").save(file, kind)
    return file.getvalue()
