"""What OpenAI's image API is asked, as far as a job can do it."""

import base64
import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.api.forms import Form
from shared.api.reading import validated
from shared.api.requests import JobRequest
from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.ids import KeyId
from shared.ports.jobs import Idempotency
from shared.usecases.admit_job import Wish

_REMEMBERED: Final = timedelta(minutes=10)
_NUMBERS: Final = frozenset({"n", "seed"})
_IMAGE_NAMES: Final = frozenset({"image", "image[]"})


class ImageRequest(BaseModel):
    """The body of POST /v1/images/generations; `images` come with edits alone."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    model: Annotated[str, Field(min_length=1, max_length=100)]
    prompt: Annotated[str, Field(min_length=1, max_length=5000)]
    n: Annotated[int, Field(ge=1, le=10)] | None = None
    size: str | None = None
    response_format: Literal["url", "b64_json"] | None = None
    user: Annotated[str, Field(max_length=512)] | None = None
    quality: Literal["auto", "standard"] | None = None
    output_format: str | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None

    def wish(self, now: datetime) -> Wish:
        return validated(JobRequest, self._job()).wish(now)

    def _job(self) -> dict[str, Any]:
        asked = {
            "n": self.n,
            "size": None if self.size == "auto" else self.size,
            "seed": self.seed,
            "output_format": self.output_format,
            "metadata": {"user": self.user} if self.user else None,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return {"model": self.model, "prompt": self.prompt, **given}


class EditRequest(ImageRequest):
    images: Annotated[list[str], Field(min_length=1, max_length=14)]

    def _job(self) -> dict[str, Any]:
        return super()._job() | {"images": self.images}


def edit_of(form: Form) -> EditRequest:
    """Raises InvalidRequest with the form's own names."""
    content: dict[str, Any] = {}
    for name, text in form.fields:
        if name in content:
            raise _refused(name, "repeated", "stands twice in the form")
        content[name] = _number(text) if name in _NUMBERS else text
    # An image that comes as text is no image, and stays a field that there is not.
    others = {name: "" for name, _ in form.files if name not in _IMAGE_NAMES}
    images = [_data_uri(file) for name, file in form.files if name in _IMAGE_NAMES]
    if not images and not others:
        raise _refused("image", "missing", "send one to 14 images as files")
    if "images" in content:
        raise _refused("images", "extra_forbidden", "is not a field of this request")
    return validated(EditRequest, content | others | {"images": images})


def repetition_of(
    request: ImageRequest, *, key_id: KeyId, path: str, replaces_until: datetime | None
) -> Idempotency:
    """Return what stands for all posts of one key with this same content."""
    text = json.dumps([path, request.model_dump(mode="json")], sort_keys=True)
    digest = sha256(text.encode()).hexdigest()
    return Idempotency(
        key=sha256(f"{key_id}:openai:{digest}".encode()).hexdigest(),
        fingerprint=digest,
        life=_REMEMBERED,
        replaces_until=replaces_until,
    )


def _number(text: str) -> int | str:
    digits = text.removeprefix("-")
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < 20  # noqa: PLR2004  64 bits
    return int(text) if is_number else text


def _data_uri(content: bytes) -> str:
    # What it really is, is seen when it is read.
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _refused(name: str, code: str, message: str) -> InvalidRequest:
    return InvalidRequest([FieldError(pointer=f"/{name[:100]}", code=code, message=message)])
