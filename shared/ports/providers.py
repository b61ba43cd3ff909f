"""Who makes the images: what is asked of a provider, and what it answers."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from shared.domain.ids import JobId, TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport
from shared.domain.submission import Made, Submission
from shared.domain.wanted import JobInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One submission, before it is put into the provider's words."""

    job_id: JobId
    offer: Offer
    wanted: JobInput
    references: tuple[str, ...]
    submission: Submission
    callback_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A submission in the provider's words, ready to be sent.

    `fingerprint` is a digest of what the provider echoes of it; empty if it echoes nothing.
    """

    order: Order
    body: Mapping[str, object]
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A provider's yes: the tasks it took on, or what it has made already.

    `contents` are images that came as bytes; they are nowhere else.
    """

    task_ids: tuple[TaskId, ...] = ()
    made: Made | None = None
    contents: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What a provider knows of a submission whose answer was lost.

    `task_ids` exactly echo it; `report` says how it ended where there is nothing left to ask for.
    """

    task_ids: tuple[TaskId, ...] = ()
    report: TaskReport | None = None


class Provider(Protocol):
    def compose(self, order: Order) -> Letter:
        """Put an order into the provider's words. Raises Refused where they cannot say it."""
        ...

    def submit(self, letter: Letter) -> Acceptance:
        """Send once. Raises NotSent, Refused or FateUnknown; never returns an empty Acceptance."""
        ...

    def recover(self, offer: Offer, submission: Submission, *, name: str) -> Recovery:
        """Look for a submission whose answer was lost; `name` is what we called it.

        Raises ProviderUnreadable. A provider that can tell nothing returns an empty Recovery.
        """
        ...

    def cancel(self, offer: Offer, task_ids: Collection[TaskId]) -> None:
        """Ask the provider to stop; what cannot be stopped goes on."""
        ...

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        """Ask what became of tasks. Raises ProviderUnreadable when there is no usable answer."""
        ...

    def finished(self, tasks: Mapping[TaskId, Offer]) -> Collection[TaskId]:
        """Return those of the tasks worth a report now. Raises ProviderUnreadable."""
        ...


type Providers = Mapping[str, Provider]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What an event stream brought; `gaps` if something may have gone unheard before."""

    ended: frozenset[TaskId] = frozenset()
    gaps: bool = False


class Listening(Protocol):
    def wait(self, seconds: float) -> News:
        """Return what was heard since the last call: at once when there is news, else in time.

        The first call after every (re)connection reports gaps: what ended before was not heard.
        """
        ...


class EventStream(Protocol):
    """A provider's own stream of completions: quick, and never to be relied on."""

    def listen(self) -> AbstractContextManager[Listening]:
        """Keep listening, reconnecting as needed, until the block ends. Raises nothing."""
        ...


type EventStreams = Mapping[str, EventStream]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccess:
    """How this deployment reaches a provider, and how the provider reaches us."""

    sandbox: bool
    callback_base: str | None  # None: the provider cannot reach this deployment
    fetches_links: bool  # whether the provider can read links into our storage


type Accesses = Mapping[str, ProviderAccess]
