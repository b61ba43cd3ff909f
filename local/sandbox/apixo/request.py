"""What `POST /generateTask/seedream-4-5` takes."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from local.sandbox.outgoing import is_loopback, is_web
from local.sandbox.sizes import Ratio, Size, broken_limit, preset, written
from local.sandbox.strict import Strict, broken

MODEL = "seedream-4-5"
MAX_SEQUENCE = 15


def _size(text: str) -> str:
    size = written(text)
    if size is None:
        raise broken("Invalid value for input.size: not 2K, 4K or WIDTHxHEIGHT")
    if limit := broken_limit(size):
        raise broken(f"Invalid value for input.size: {limit}")
    return text


def _image_url(url: str) -> str:
    if not (is_web(url) or url.startswith("data:image/")):
        raise broken("Invalid value for input.image_urls: not the URL of an image")
    return url


def _callback_url(url: str) -> str:
    if not is_web(url):
        raise broken("Invalid value for callback_url: not a URL")
    if not (url.startswith("https://") or is_loopback(url)):
        raise broken("Invalid value for callback_url: must be https")
    return url


type ImageUrl = Annotated[str, AfterValidator(_image_url)]


class Input(Strict):
    mode: Literal["text-to-image", "image-to-image"]
    prompt: Annotated[str, Field(min_length=1, max_length=5000)]
    max_images: Annotated[int, Field(ge=1, le=10)]
    image_urls: Annotated[list[ImageUrl] | None, Field(min_length=1, max_length=14)] = None
    resolution: Literal["2K", "4K"] | None = None
    aspect_ratio: Ratio | None = None
    size: Annotated[str, AfterValidator(_size)] | None = None
    sequential_image_generation: Literal["disabled", "auto"] = "disabled"
    prompt_optimize_mode: Literal["standard"] = "standard"

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        if self.mode == "image-to-image" and not self.image_urls:
            raise broken("Missing required field: input.image_urls")
        if self.mode == "text-to-image" and self.image_urls:
            raise broken("input.image_urls is only for image-to-image")
        if self.size and (self.resolution or self.aspect_ratio):
            raise broken("input.size excludes input.resolution and input.aspect_ratio")
        in_all = len(self.image_urls or []) + self.max_images
        if self.sequential_image_generation == "auto" and in_all > MAX_SEQUENCE:
            raise broken(f"a sequence takes at most {MAX_SEQUENCE} references and images together")
        return self

    @property
    def dimensions(self) -> Size:
        explicit = written(self.size) if self.size else None
        return explicit or preset(self.resolution or "2K", self.aspect_ratio or "1:1")


class Submission(Strict):
    request_type: Literal["async", "callback"] = "async"
    callback_url: Annotated[str, AfterValidator(_callback_url)] | None = None
    input: Input

    @model_validator(mode="after")
    def _callback_has_an_address(self) -> Self:
        if self.request_type == "callback" and not self.callback_url:
            raise broken("Missing required field: callback_url")
        return self

    @property
    def where_to_call(self) -> str | None:
        return self.callback_url if self.request_type == "callback" else None
