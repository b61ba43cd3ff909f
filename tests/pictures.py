"""Pictures for tests."""

from functools import cache
from io import BytesIO

from PIL import Image


@cache
def a_png(width: int = 8, height: int = 6) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    return file.getvalue()
