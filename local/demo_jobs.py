"""The demo's jobs, as data: another one is another row."""

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoJob:
    name: str
    title: str
    body: Callable[[], Body]
    dropped: bool = False  # by a picture in the uploads bucket, not by a request
    heard: bool = False  # its end is told to a webhook too


def _apixo_callback() -> Body:
    return {
        "model": "seedream-4.5",
        "provider": "apixo",
        "prompt": "A lighthouse on a basalt cliff at dawn, fog in the bay, ink and watercolour",
        "n": 2,
        "resolution": "2K",
        "aspect_ratio": "16:9",
    }


def _oxen_edit() -> Body:
    return {
        "model": "seedream-4.5",
        "provider": "oxen",
        "prompt": "Turn this sketch into a late summer evening, the sun low over the sea",
        "images": [reference_image()],
        "size": "2K",
    }


def _oxen_stream() -> Body:
    return {
        "model": "seedream-5-lite",
        "provider": "oxen",
        "delivery": "stream",
        "prompt": "A tin robot watering sunflowers on a roof, late afternoon",
        "resolution": "2K",
        "aspect_ratio": "3:2",
    }


def _aimlapi_sync() -> Body:
    return {
        "model": "seedream-4.5",
        "provider": "aimlapi",
        "prompt": "Mount Fuji behind cherry blossoms, clear sky, soft light",
        "resolution": "2K",
    }


def _dropped_edit() -> Body:
    """Return what the picture's metadata says."""
    return {"prompt": "The same sea under a full moon", "resolution": "2K"}


JOBS = (
    DemoJob(name="apixo-callback", title="two new images", body=_apixo_callback, heard=True),
    DemoJob(name="oxen-queue", title="an edit of a sketch", body=_oxen_edit),
    DemoJob(name="oxen-stream", title="a new image, told by events", body=_oxen_stream),
    DemoJob(name="aimlapi-sync", title="a new image, in the answer", body=_aimlapi_sync),
    DemoJob(name="s3-edit", title="an edit of a dropped file", body=_dropped_edit, dropped=True),
)


def reference_image(width: int = 512, height: int = 320) -> str:
    """Draw a small sea and sun, as a data URI."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - slow, and only a demo draws

    image = Image.new("RGB", (width, height), "#f2e8cf")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 2 // 3, width, height), fill="#386641")
    draw.ellipse((width * 0.6, height * 0.2, width * 0.8, height * 0.52), fill="#bc4749")
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
