"""What is ordered of the studio, and what comes of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from local.sandbox.drawing import ImageFormat
from local.sandbox.ledger import Row
from local.sandbox.references import Reference
from local.sandbox.sizes import Size


class Refused(Exception):
    """The content is not allowed."""


class Failed(Exception):
    """The model gave up; each provider tells it in the form it has: a code, a text, a status."""

    def __init__(
        self,
        text: str,
        *,
        code: str = "GENERATION_FAILED",
        status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    row: Row
    model: str
    prompt: str
    references: tuple[str, ...]
    size_for: Callable[[tuple[Reference, ...]], Size]
    image_format: ImageFormat
    numbers: range  # which images of how many: range(1, 3) of 2
    total: int
    seconds: float  # how long a real model takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    url: str
    data: bytes
    size: Size


type Make = Callable[[Order], Awaitable[list[Picture]]]
