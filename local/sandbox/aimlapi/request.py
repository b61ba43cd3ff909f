"""What `POST /v1/images/generations` takes for Seedream 4.5."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from local.sandbox.references import Reference
from local.sandbox.sizes import Size, broken_limit, preset
from local.sandbox.strict import Strict, broken

type Side = Annotated[int, Field(ge=1440, le=4096)]

MODEL = "bytedance/seedream-4-5"
IDS = frozenset({MODEL, "seedream-4-5-251128"})


class Sides(Strict):
    width: Side = 2048
    height: Side = 2048


class Generation(Strict):
    model: str
    prompt: Annotated[str, Field(min_length=1)]
    image_urls: Annotated[list[str] | None, Field(min_length=1, max_length=14)] = None
    image_size: Sides | Literal["2K", "4K"] = "2K"
    response_format: Literal["url", "b64_json"] = "url"
    seed: int | None = None
    watermark: bool = False

    @model_validator(mode="after")
    def _large_enough_upstream(self) -> Self:
        if limit := broken_limit(self.size):
            raise broken(f"image_size: {limit}")
        return self

    @property
    def size(self) -> Size:
        if isinstance(self.image_size, Sides):
            return Size(self.image_size.width, self.image_size.height)
        return preset(self.image_size)

    def size_for(self, _: tuple[Reference, ...]) -> Size:
        return self.size
