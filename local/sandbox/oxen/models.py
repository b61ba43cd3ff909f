"""Oxen's Seedream models: what each takes, as its own page says and as the API tells."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from local.sandbox.drawing import ImageFormat
from local.sandbox.references import Reference
from local.sandbox.sizes import Ratio, Resolution, Size, preset, shaped_like
from local.sandbox.strict import Strict

type Match = Literal["match_input_image"]
MATCH: Match = "match_input_image"
REFERENCES = "Reference images: URLs or data URIs"


class ImageRequest(Strict):
    """What every model can be asked in the same words."""

    prompt: Annotated[str, Field(min_length=1, description="What to draw, or what to change")]

    @property
    def references(self) -> list[str]:
        raise NotImplementedError

    @property
    def image_format(self) -> ImageFormat:
        return "png"

    def size_for(self, references: tuple[Reference, ...]) -> Size:
        raise NotImplementedError


class Seedream4(ImageRequest):
    input_image: list[str] = Field(default_factory=list, max_length=14, description=REFERENCES)

    @property
    def references(self) -> list[str]:
        return self.input_image

    def size_for(self, references: tuple[Reference, ...]) -> Size:
        return sized("2K", MATCH, references)


class Seedream45(ImageRequest):
    input_image: list[str] = Field(default_factory=list, max_length=10, description=REFERENCES)
    aspect_ratio: Literal[
        "1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "match_input_image"
    ] = "1:1"
    size: Literal["2K", "4K"] = "4K"
    seed: int | SkipJsonSchema[None] = Field(default=None, description="Makes it repeatable")

    @property
    def references(self) -> list[str]:
        return self.input_image

    def size_for(self, references: tuple[Reference, ...]) -> Size:
        return sized(self.size, self.aspect_ratio, references)


class Seedream5Lite(ImageRequest):
    image_input: list[str] = Field(
        default_factory=list, min_length=1, max_length=14, description=REFERENCES
    )
    size: Literal["2K", "3K"] = "2K"
    aspect_ratio: Literal[
        "match_input_image", "1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9"
    ] = "match_input_image"
    output_format: Literal["png", "jpeg"] = "png"

    @property
    def references(self) -> list[str]:
        return self.image_input

    @property
    def image_format(self) -> ImageFormat:
        return self.output_format

    def size_for(self, references: tuple[Reference, ...]) -> Size:
        return sized(self.size, self.aspect_ratio, references)


REQUESTS: dict[str, type[ImageRequest]] = {
    "bytedance-seedream-4": Seedream4,
    "bytedance-seedream-4-5": Seedream45,
    "bytedance-seedream-5-lite": Seedream5Lite,
}
REFERENCE_FIELDS = {
    "bytedance-seedream-4": "input_image",
    "bytedance-seedream-4-5": "input_image",
    "bytedance-seedream-5-lite": "image_input",
}


def sized(resolution: Resolution, ratio: Ratio | Match, references: tuple[Reference, ...]) -> Size:
    if ratio != "match_input_image":
        return preset(resolution, ratio)
    seen = next((reference.size for reference in references if reference.size), None)
    return shaped_like(seen, resolution) if seen else preset(resolution)
