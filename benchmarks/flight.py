"""What a job takes when many are in flight at once: its way in and out, and the watch's look.

The deployed use cases and AWS adapters work on the embedded engine, in this process. For the rest
of the world stand providers in memory, which finish when they are told to, and a clock that passes
when the watch sleeps: so a look is a look, and nothing hangs on the machine.

Jobs go to Oxen.ai's queue, where no callback tells of them. Of each number all are submitted; the
watch looks for LOOKING, while none of them is finished; then all finish, the watch hands them on,
and each is collected. Events are not published here, they come in batches as they like, and who
wakes the watch is not counted. Last comes what a job's place takes where `MaxInFlight` is set: it
has no bar, as it is known to grow (docs/adr/0011-breakers-and-places-in-the-table.md).
"""

import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.counted import BILLED, Bill, Calls
from benchmarks.table import Bar, Table
from local.counting.counted.calls import listen
from shared.adapters.memory.buckets import MemoryImageSource
from shared.adapters.memory.messages import MemoryBus, MemoryWake, VirtualClock
from shared.adapters.memory.metrics import MemoryMetrics
from shared.adapters.memory.provider import MemoryProvider
from shared.domain.api_key import ApiKey
from shared.domain.callback_token import CallbackKeys
from shared.domain.ids import JobId
from shared.ports.providers import EventStreams, ProviderAccess
from shared.wiring.service import Service
from tests.contract.aws import Aws
from tests.engine import embedded_aws
from tests.memory_service import NOW, a_wish
from tests.pictures import a_png

IN_FLIGHT: Final = (1, 10, 100, 1000)
MOST_MORE: Final = 1.05
LOOKING: Final = timedelta(seconds=20)
WAY: Final = "its way in and out"
LOOK: Final = "a look of the watch"
PLACE: Final = "its place under MaxInFlight"
_OWNER: Final = "the watch"
_QUEUES: Final = ("COLLECT", "DISPATCH", "DELIVER", "INTAKE", "PREVIEW")


@dataclass(slots=True)
class Ledger:
    """What was called; all in one process, so under no function's name."""

    lines: list[tuple[str, str, str, Any]] = field(default_factory=list)

    def note(self, kind: str, operation: str, what: Any) -> None:
        self.lines.append(("", kind, operation, what))

    def forget(self) -> None:
        self.lines = []

    def taken(self) -> Calls:
        """Return what was called since the last time."""
        calls = Calls.of(self.lines)
        self.forget()
        return calls


class Countable(Service):
    """The wiring of the functions, with counted clients and nothing beyond AWS."""

    def __init__(self, aws: Aws) -> None:
        self.aws, self.table, self.ledger = aws, aws.new_table(), Ledger()
        places = {"TABLE_NAME": self.table, "MEDIA_BUCKET": aws.new_bucket()}
        places["UPLOADS_BUCKET"] = aws.new_bucket()
        super().__init__(
            environ=places | {f"{name}_QUEUE_URL": aws.new_queue() for name in _QUEUES}
        )
        self.clock = VirtualClock(NOW)
        self.metrics = MemoryMetrics()
        self.oxen = MemoryProvider("oxen", draw=lambda _: a_png(), ids_per_image=True)
        self.providers = {"oxen": self.oxen}
        self.accesses = {
            "oxen": ProviderAccess(sandbox=True, callback_base=None, fetches_links=True)
        }
        self.streams: EventStreams = {}
        self.signing_keys = lambda: CallbackKeys(current="k1", keys={"k1": b"secret"})
        self.image_source = MemoryImageSource(self.oxen.files)
        self.wake_watch = MemoryWake()
        self.event_bus = MemoryBus()
        for client in (aws.dynamodb, aws.s3, aws.sqs):
            listen(client.meta.events, self.ledger.note)

    def _aws(self, name: str) -> Any:
        return getattr(self.aws, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """What so many jobs took, all in flight at the same time."""

    count: int
    jobs: Bill
    looks: int
    looking: Bill
    place: Bill

    def for_each_job(self) -> dict[str, Bill]:
        return {
            WAY: self.jobs.each(self.count),
            LOOK: self.looking.each(self.looks * self.count),
            PLACE: self.place,
        }


def fly(service: Countable, count: int) -> Flight:
    ledger = service.ledger
    key = service.issue_key(tenant="default", name="benchmark").key
    service.provider_gate.is_healthy("oxen", "seedream-4.5")  # read once in five seconds
    ledger.forget()
    ids = [submitted(service, key) for _ in range(count)]
    way_in = ledger.taken()
    looks = watched(service)
    looking = ledger.taken()
    service.oxen.finish_all()
    watched(service)
    messages = ledger.taken().only(lambda _, operation: operation == "SendMessage")
    if messages.made.total() != count:
        raise SystemExit(f"{messages.made.total()} of {count} jobs were handed on")
    for job_id in ids:
        collected(service, job_id)
    way_out = ledger.taken()
    return Flight(
        count=count,
        jobs=Bill.of(way_in.and_also(messages).and_also(way_out)),
        looks=looks,
        looking=Bill.of(looking),
        place=place(service, ids),
    )


def submitted(service: Service, key: ApiKey) -> JobId:
    wish, claim = a_wish(provider="oxen", delivery="poll"), service.send_off.claim
    admitted = service.admit_job(wish, key=key, render=str, claim=claim)
    if admitted.job is None:
        raise SystemExit("a job was admitted twice")
    return service.send_off(admitted.job, admitted.claimed).id


def watched(service: Service) -> int:
    return service.watch_jobs(owner=_OWNER, until=service.clock.now() + LOOKING)


def collected(service: Service, job_id: JobId) -> None:
    job = service.collect_result(job_id)
    if job.status != "succeeded":
        raise SystemExit(f"{job_id} {job.status}: {job.error}")


def place(service: Countable, ids: list[JobId]) -> Bill:
    """Return what it takes a job to come and go where `MaxInFlight` is set, beside the others."""
    limit, now = len(ids), service.clock.now()
    for job_id in ids:
        service.places.take("oxen", job_id, limit=limit, now=now)
    service.ledger.forget()
    service.places.release("oxen", ids[0])
    service.places.take("oxen", ids[0], limit=limit, now=now)
    return Bill.of(service.ledger.taken())


def report(in_flight: tuple[int, ...] = IN_FLIGHT) -> Table:
    table = Table(
        "Scale, jobs in flight",
        ("in flight", "for each job", *BILLED, "of the first", "most", "bar"),
    )
    first: dict[str, Bill] = {}
    with tempfile.TemporaryDirectory() as folder, embedded_aws(Path(folder)) as engine:
        for count in in_flight:
            flight = fly(Countable(Aws(engine.url)), count)
            for what, bill in flight.for_each_job().items():
                ratio = bill.times(first.setdefault(what, bill))
                bar = Bar(ratio, None if what == PLACE else MOST_MORE)
                table.add(str(count), what, *bill.cells(), *bar.cells())
    return table


if __name__ == "__main__":
    print(report())
