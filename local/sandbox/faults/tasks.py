"""Faults of the tasks themselves: what becomes of an accepted request."""

import asyncio
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Final, Literal, override

from pydantic import Field

from local.sandbox.faults.fault import Fault, Place
from local.sandbox.orders import Failed, Make, Order, Picture, Refused

NO_CREDITS: Final = "Insufficient credits"

# Both generations of APIXO's error page; its callback sample has a word of its own.
FAIL_CODES: Final = {
    "SensitiveContent": "The content is sensitive",
    "SensitiveContentDetected": "Sensitive content was detected",
    "InputImageSensitiveContentDetected": "A reference image is sensitive",
    "InputOutputSensitiveContentDetected": "The prompt or the result is sensitive",
    "ProhibitedContentDetected": "The content is prohibited",
    "NSFW": "The content is not safe for work",
    "NSFW_DETECTED": "The content is not safe for work",
    "CONTENT_VIOLATION": "The content violates the policy",
    "PromptLengthExceeded": "The prompt is too long",
    "PROMPT_TOO_LONG": "The prompt is too long",
    "INVALID_PROMPT": "The prompt cannot be read",
    "INVALID_IMAGE_URL": "The image's URL cannot be read",
    "IMAGE_TOO_LARGE": "The image is larger than 10 MB",
    "UNSUPPORTED_FORMAT": "The image is not JPEG, PNG or WebP",
    "IMAGE_DOWNLOAD_FAILED": "The image could not be downloaded",
    "PROCESSING_TIMEOUT": "The processing took too long",
    "MODEL_UNAVAILABLE": "The model is unavailable",
    "GENERATION_FAILED": "The generation failed",
    "INSUFFICIENT_CREDITS": NO_CREDITS,
}


class TaskFault(Fault):
    """Stands between a task and the studio that makes its pictures."""

    async def make(self, make: Make, order: Order) -> list[Picture]:
        raise NotImplementedError


class Content(TaskFault):
    @override
    async def make(self, make: Make, order: Order) -> list[Picture]:
        raise Refused


class Pending(TaskFault):
    @override
    async def make(self, make: Make, order: Order) -> list[Picture]:
        await asyncio.Event().wait()
        return await make(order)


class Slow(TaskFault):
    factor: Annotated[float, Field(ge=1, le=10_000)] = 10.0

    @override
    async def make(self, make: Make, order: Order) -> list[Picture]:
        return await make(replace(order, seconds=order.seconds * self.factor))


class Partial(TaskFault):
    images: Annotated[int, Field(ge=1)] = 1

    @override
    async def make(self, make: Make, order: Order) -> list[Picture]:
        return await make(replace(order, numbers=order.numbers[: self.images]))


class Empty(TaskFault):
    @override
    async def make(self, make: Make, order: Order) -> list[Picture]:
        return []


class ApixoFailure(TaskFault):
    code: Annotated[str, Field(min_length=1)] = "GENERATION_FAILED"

    @override
    async def make(self, make: Make, order: Order) -> list[Picture]:
        raise Failed(FAIL_CODES.get(self.code, "The task failed"), code=self.code)


class OxenFailure(TaskFault):
    message: Annotated[str, Field(min_length=1)] = "Generation failed"

    @override
    async def make(self, make: Make, order: Order) -> list[Picture]:
        raise Failed(self.message)


class AimlapiFailure(TaskFault):
    status: Literal[400, 500, 502, 503, 504] = 500
    message: Annotated[str, Field(min_length=1)] = "Generation failed"

    @override
    async def make(self, make: Make, order: Order) -> list[Picture]:
        raise Failed(self.message, status=HTTPStatus(self.status))


class CreditsGone(TaskFault):
    @override
    async def make(self, make: Make, order: Order) -> list[Picture]:
        raise Failed(NO_CREDITS, code="INSUFFICIENT_CREDITS")


class ResultJsonFault(Fault):
    """Spoils the text that a finished APIXO task tells its results in."""

    def told(self, text: str) -> str:
        raise NotImplementedError


class Unreadable(ResultJsonFault):
    @override
    def told(self, text: str) -> str:
        return text[: len(text) // 2]


TASK: Final = Place("task", TaskFault)
RESULT_JSON: Final = Place("task", ResultJsonFault)
