"""What OpenAI's image API is asked, as far as a job can do it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.api.forms import form_of
from shared.api.openai_fields import once_each, refused, served
from shared.api.openai_sizes import dimensions, takes_value
from shared.api.reading import json_object, validated
from shared.api.requests import JobRequest
from shared.domain.ids import KeyId
from shared.domain.offers import Model
from shared.usecases.admit_job import Wish

_IMAGE_NAMES: Final = frozenset({"image", "image[]"})
# Values that say what is so anyway where no provider of the model has the field.
_AS_USUAL: Final[Mapping[str, object]] = {"watermark": False, "sequential": "disabled"}


@dataclass(frozen=True, slots=True)
class DecodedPost:
    """A post as it was decoded. Nothing of what it says has been checked."""

    fields: tuple[tuple[str, Any], ...]
    files: tuple[tuple[str, bytes], ...] = ()
    is_edit: bool = False

    def digest(self, *, key_id: KeyId, path: str) -> str:
        """Return what stands for all posts of one key with this same content.

        The order of fields, the boundary of a form and the names of its files are no part of it.
        """
        fields = sorted(self.fields, key=lambda field: field[0])
        files = sorted(self.files, key=lambda file: file[0])
        hashes = [(name, sha256(content).hexdigest()) for name, content in files]
        text = json.dumps([key_id, path, fields, hashes], sort_keys=True)
        return sha256(text.encode()).hexdigest()

    @property
    def response_format(self) -> object:
        return next((value for name, value in self.fields if name == "response_format"), None)


def _listed(image: object) -> object:
    return [image] if isinstance(image, str) else image


class ImageRequest(BaseModel):
    """What a post says, without the values that ask for nothing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    model: Annotated[str, Field(min_length=1, max_length=100)]
    prompt: Annotated[str, Field(min_length=1, max_length=5000)]
    n: Annotated[int, Field(ge=1, le=10)] | None = None
    size: str | None = None
    response_format: Literal["url", "b64_json"] | None = None
    user: Annotated[str, Field(max_length=512)] | None = None
    quality: Literal["standard", "low", "medium", "high", "hd"] | None = None
    output_format: str | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    image: Annotated[
        list[str],
        Field(max_length=14),
        BeforeValidator(_listed, json_schema_input_type=str | list[str]),
    ] = []
    watermark: bool | None = None
    sequential_image_generation: Literal["auto", "disabled"] | None = None

    def wish(self, now: datetime, *, model: Model | None) -> Wish:
        """`model` is what the name stands for; None is left to be refused by the admission."""
        job = {name: value for name, value in self._job().items() if value is not None}
        if model:
            job = {name: job[name] for name in job if not _may_be_left_out(model, name, job[name])}
            job |= self._dimensions(model)
        return validated(JobRequest, job).wish(now)

    def _job(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "prompt": self.prompt,
            "images": self.image or None,
            "n": self.n,
            "seed": self.seed,
            "output_format": self.output_format,
            "watermark": self.watermark,
            "sequential": self.sequential_image_generation,
            "metadata": {"user": self.user} if self.user else None,
        }

    def _dimensions(self, model: Model) -> dict[str, Any]:
        return dimensions(
            model,
            size=self.size,
            quality=self.quality,
            may_be_large=self.response_format == "url",
        )


def _may_be_left_out(model: Model, name: str, value: object) -> bool:
    is_wish = name == "output_format" or (name in _AS_USUAL and value == _AS_USUAL[name])
    return is_wish and not takes_value(model, name, value)


def generation_of(body: bytes) -> DecodedPost:
    """Raises MalformedJson."""
    return DecodedPost(tuple(json_object(body).items()))


def edit_of(body: bytes, *, content_type: str) -> DecodedPost:
    """Raises MalformedJson for anything but a whole form."""
    form = form_of(body, content_type=content_type)
    return DecodedPost(tuple(form.fields), tuple(form.files), is_edit=True)


def request_of(post: DecodedPost) -> ImageRequest:
    """Check what a post says. Raises InvalidRequest with the post's own names."""
    content = served(once_each(post.fields), known=ImageRequest.model_fields)
    if post.is_edit:
        return validated(ImageRequest, content | _images_of(post, content))
    return validated(ImageRequest, content)


def _images_of(post: DecodedPost, content: dict[str, Any]) -> dict[str, Any]:
    """Return the files of a form; those under another name are fields that there are not."""
    if not _IMAGE_NAMES.isdisjoint(content):
        raise refused("image", "not_a_file", "send each image as a file")
    files = [(name, file) for name, file in post.files if file or name in _IMAGE_NAMES]
    others = {name: "" for name, _ in files if name not in _IMAGE_NAMES}
    images = [_data_uri(file) for name, file in files if name in _IMAGE_NAMES]
    if not images and not others:
        raise refused("image", "missing", "send one to 14 images as files")
    return others | {"image": images}


def _data_uri(content: bytes) -> str:
    # What it really is, is seen when it is read.
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"
