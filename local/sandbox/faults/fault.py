"""What all faults have in common, and the places where they take hold."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from local.sandbox.strict import Strict

type Sleep = Callable[[float], Awaitable[None]]
type Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Fault(Strict):
    """One line of a plan. Its further fields are the fault's own parameters."""

    fault: str  # the name it is known by
    rate: Annotated[float, Field(ge=0, le=1)] = 1.0
    times: Annotated[int, Field(ge=1)] | None = None

    @property
    def place(self) -> str:
        return self.fault.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Place[F: Fault]:
    """Where faults of one kind take hold; their names begin with it."""

    name: str
    kind: type[F]
