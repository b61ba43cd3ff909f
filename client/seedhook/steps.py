"""What a flow asks of the one who runs it.

A flow is what the client does, told as a generator: it yields steps, gets their outcomes, and never
touches a network or a clock. So there is one copy of it for ordinary and for `async` code, which
differ only in how a step is done.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from .errors import Unreachable
from .landing import Landing


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to the API. Its outcome is an Answer, or Unreachable."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    # Whether sending it twice does no more than sending it once.
    is_repeatable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `asked` says from where."""

    asked: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def json(self) -> Any:
        """Return what it holds, or None for what is no JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A form with one file, to a signed address: no key goes along. Its outcome is a Call's."""

    url: str
    fields: Mapping[str, str]
    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A download from a signed address: no key goes along.

    What comes is written down as it comes; the outcome is an Answer without content.
    """

    url: str
    landing: Landing


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """Its outcome is seconds, on a clock that never goes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """Something for the caller of a flow that gives many."""

    item: Any


type Outcome = Answer | Unreachable
type Step = Call | Post | Fetch | Pause | Time | Give
type Flow[T] = Generator[Step, Any, T]


def now() -> Flow[float]:
    seconds: float = yield Time()
    return seconds


def paused(seconds: float) -> Flow[None]:
    yield Pause(seconds=seconds)
