"""What was done on a local stack whose functions write down their calls (local/counting).

Invocations and their time are in the functions' logs, as in CloudWatch.

Apart from a job's own work stand reading it (`manage`), previews and webhooks (`publish` asks for
the ones, and once for each batch of events whether there are any of the others), and the watch: it
looks after all jobs at once, however many there are, and is started each minute anyway.
"""

import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from local.aws import client
from local.counting.counted.calls import REFUSED, SENT
from local.counting.counted.capacity import READ
from local.stack import Stack, StackOptions, running_stack

APART: Final = frozenset({"Manage", "Deliver", "Preview", "Watch"})
# Whether there are webhooks, and requests for deliveries and previews.
_FOR_OTHERS: Final = frozenset({("Publish", "Query"), ("Publish", "SendMessage")})

BILLED: Final = ("calls", "bytes", "write units", "read units")  # the cells of a bill
_PATIENCE: Final = 60.0
_QUIET: Final = 1.5  # seconds without a call: the job's events are out
_POLL: Final = 0.1
_EXACT: Final = 1000  # what is more is told without a fraction
_REPORT: Final = re.compile(r"REPORT RequestId: (\S+)\s.*Billed Duration: (\d+) ms", re.DOTALL)
_FUNCTION: Final = re.compile(r"([A-Za-z]+?)(?:Function|Logs)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls, the bytes they sent and the capacity units they took, by function and operation."""

    made: Counter[tuple[str, str]]
    sent: Counter[tuple[str, str]]
    half_units: Counter[tuple[str, str, str]]  # and by place; reads come in halves

    @classmethod
    def of(cls, lines: Iterable[Sequence[Any]]) -> "Calls":
        """Raises ValueError where a call to the table was refused: nobody tells what it took."""
        made: Counter[tuple[str, str]] = Counter()
        sent: Counter[tuple[str, str]] = Counter()
        half_units: Counter[tuple[str, str, str]] = Counter()
        for function, kind, operation, what in lines:
            if kind == SENT:
                made[function, operation] += 1
                sent[function, operation] += what
            elif kind == REFUSED:
                raise ValueError(f"{function} {operation} was refused")
            else:
                for place, count in what.items():
                    half_units[function, operation, place] += round(2 * count)
        return cls(made=made, sent=sent, half_units=half_units)

    def since(self, before: "Calls") -> "Calls":
        return Calls(
            made=self.made - before.made,
            sent=self.sent - before.sent,
            half_units=self.half_units - before.half_units,
        )

    def and_also(self, other: "Calls") -> "Calls":
        return Calls(
            made=self.made + other.made,
            sent=self.sent + other.sent,
            half_units=self.half_units + other.half_units,
        )

    def only(self, wanted: Callable[[str, str], bool]) -> "Calls":
        """Return the calls of functions and operations that are `wanted`."""

        def kept[T: tuple[str, ...]](counter: Counter[T]) -> Counter[T]:
            return Counter({call: n for call, n in counter.items() if wanted(call[0], call[1])})

        return Calls(made=kept(self.made), sent=kept(self.sent), half_units=kept(self.half_units))

    @property
    def units(self) -> dict[str, float]:
        """Return the capacity units by where they were taken."""
        taken: Counter[str] = Counter()
        for (_, _, place), count in self.half_units.items():
            taken[place] += count
        return {place: count / 2 for place, count in taken.items()}

    @property
    def read_units(self) -> float:
        return self.units.get(READ, 0.0)

    @property
    def write_units(self) -> float:
        return sum(self.units.values()) - self.read_units


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What AWS bills of some work, but for time: what has to be flat."""

    calls: float
    bytes: float
    write_units: float
    read_units: float

    @classmethod
    def of(cls, calls: Calls) -> "Bill":
        return cls(
            calls=calls.made.total(),
            bytes=calls.sent.total(),
            write_units=calls.write_units,
            read_units=calls.read_units,
        )

    def each(self, count: int) -> "Bill":
        return Bill(**{name: figure / count for name, figure in asdict(self).items()})

    def times(self, first: "Bill") -> float:
        """Return how many times the first bill this is, in what has grown most."""
        pairs: Iterable[tuple[float, float]] = zip(astuple(self), astuple(first), strict=True)
        return max(own / other if other else 1.0 + own for own, other in pairs)

    def cells(self) -> tuple[str, ...]:
        return tuple(
            f"{figure:.4g}" if figure < _EXACT else f"{figure:.0f}" for figure in astuple(self)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What was done: calls, and invocations with the milliseconds billed for them."""

    calls: Calls
    invocations: Counter[str]
    billed: Counter[str]

    def since(self, before: "Work") -> "Work":
        return Work(
            calls=self.calls.since(before.calls),
            invocations=self.invocations - before.invocations,
            billed=self.billed - before.billed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A running stack whose functions write down their calls."""

    stack: Stack
    api: httpx.Client
    file: Path

    def client(self, service: str) -> Any:
        return client(service, endpoint_url=self.stack.aws_endpoint_url, region=self.stack.region)

    def settled(self) -> Work:
        """Return what was done once nobody calls anything more."""
        deadline = time.monotonic() + _PATIENCE
        calls, quiet_since = self._calls(), time.monotonic()
        while time.monotonic() < quiet_since + _QUIET:
            if time.monotonic() > deadline:
                raise SystemExit("the functions do not come to rest")
            time.sleep(_POLL)
            now = self._calls()
            if now != calls:
                calls, quiet_since = now, time.monotonic()
        invocations: Counter[str] = Counter()
        billed: Counter[str] = Counter()
        for function, milliseconds in self._reports():
            invocations[function] += 1
            billed[function] += milliseconds
        return Work(calls=calls, invocations=invocations, billed=billed)

    def _calls(self) -> Calls:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        rows = [(_name(function), *rest) for function, *rest in map(json.loads, lines)]
        return Calls.of(
            row for row in rows if row[0] not in APART and (row[0], row[2]) not in _FOR_OTHERS
        )

    def _reports(self) -> Iterator[tuple[str, int]]:
        logs = self.client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], filterPattern="REPORT"
            )
            messages = (event["message"] for page in pages for event in page["events"])
            reports = filter(None, map(_REPORT.search, messages))
            found = {report[1]: int(report[2]) for report in reports}
            name = _name(group["logGroupName"])
            if name not in APART:
                yield from ((name, milliseconds) for milliseconds in found.values())


@contextmanager
def counting_stack() -> Iterator[Counted]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "calls")
        options = StackOptions(port=0, latency=0.1, strict=True, calls=file, environ={})
        with running_stack(options) as stack:
            headers = {"authorization": f"Bearer {stack.api_key}"}
            with httpx.Client(
                base_url=stack.api_url, headers=headers, timeout=60, trust_env=False
            ) as api:
                yield Counted(stack=stack, api=api, file=file)


def _name(text: str) -> str:
    """Return `Collect` for whatever the engine calls a function or its log."""
    found = _FUNCTION.search(text)
    return found[1].capitalize() if found else text
