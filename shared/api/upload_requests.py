"""Requests to upload something."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.api.requests import StrictRequest
from shared.domain.upload import MOST_BYTES


class UploadRequest(StrictRequest):
    content_type: Literal["image/png", "image/jpeg", "image/webp", "application/jsonl", "text/csv"]
    bytes: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _is_not_too_large(self) -> Self:
        most = MOST_BYTES[self.content_type]
        if self.bytes > most:
            message = f"must be at most {most} for {self.content_type}"
            raise PydanticCustomError("too_large", message, {"pointer": "/bytes"})
        return self
