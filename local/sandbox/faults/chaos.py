"""The faults that are switched on, and when each of them strikes."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator

from pydantic import JsonValue

from local.sandbox.faults.fault import Fault, Place
from local.sandbox.faults.plan import Plan
from local.sandbox.ledger import Provider, Row


def always(_: Fault) -> bool:
    return True


class Chaos:
    def __init__(self, plan: Plan) -> None:
        self.arm(plan)

    def arm(self, plan: Plan) -> None:
        """Replace all faults and count anew."""
        self._plan = plan
        self._armed = {
            provider: [
                _Armed(fault, f"{plan.seed}/{provider}/{number}")
                for number, fault in enumerate(faults)
            ]
            for provider, faults in plan.faults.items()
        }

    def striking[F: Fault](
        self,
        place: Place[F],
        provider: Provider,
        *rows: Row,
        concerned: Callable[[F], bool] = always,
    ) -> Iterator[F]:
        """Yield what strikes now, in the plan's order, and write it into the rows it touches.

        Each is drawn as it is asked for: whoever takes the first alone leaves the others' chance.
        """
        for armed in self._armed.get(provider, ()):
            fault = armed.fault
            if not isinstance(fault, place.kind) or fault.place != place.name:
                continue
            if concerned(fault) and armed.strikes():
                for row in rows:
                    row.note(fault.fault)
                yield fault

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "plan": self._plan.to_json(),
            "struck": {provider: _struck(armed) for provider, armed in self._armed.items()},
        }


class _Armed:
    """Decides by seed, place in the plan and number of the opportunity alone."""

    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self.struck = 0
        self._seed = seed
        self._opportunities = 0

    def strikes(self) -> bool:
        if self.fault.times is not None and self.struck >= self.fault.times:
            return False
        self._opportunities += 1
        digest = hashlib.sha256(f"{self._seed}/{self._opportunities}".encode()).digest()
        struck = int.from_bytes(digest[:4]) / 2**32 < self.fault.rate
        self.struck += struck
        return struck


def _struck(armed: list[_Armed]) -> dict[str, JsonValue]:
    counts: Counter[str] = Counter()
    for one in armed:
        counts[one.fault.fault] += one.struck
    return dict(counts)
