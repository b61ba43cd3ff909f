"""How many deliveries go to one endpoint at a time: a slow receiver takes up no more than that."""

from dataclasses import dataclass
from typing import Final

from shared.domain.delivery import SENDING_PATIENCE
from shared.ports.gates import Leases
from shared.ports.runtime import Clock, RandomBytes

AT_ONCE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    name: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlaces:
    """Leases, because they end by themselves: who dies with a place blocks it for a minute."""

    leases: Leases
    clock: Clock
    random_bytes: RandomBytes

    def take(self, endpoint: str) -> Place | None:
        """Return a place at the endpoint, None when all are taken."""
        holder, now = self.random_bytes(8).hex(), self.clock.now()
        first = int(holder[:2], 16)  # not always the same: those who come together part
        for number in range(AT_ONCE):
            name = f"webhook:{endpoint}:{(first + number) % AT_ONCE}"
            until = now + SENDING_PATIENCE
            if self.leases.acquire(name, owner=holder, now=now, until=until):
                return Place(name=name, holder=holder)
        return None

    def give_back(self, place: Place) -> None:
        self.leases.release(place.name, owner=place.holder)
