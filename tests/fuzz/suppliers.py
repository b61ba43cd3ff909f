"""The providers' side of the story: what they were asked, what they did, and what they made.

The service never reads this. It is what its words are compared with.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from shared.adapters.memory.provider import MemoryProvider, MemoryTask
from shared.domain.errors import ErrorCode, FateUnknown, NotSent, SubmissionError
from shared.domain.ids import TaskId
from shared.domain.reports import TaskState
from shared.ports.providers import Order

# Reasons that are the provider's own (docs/providers.md, Failover): another may do better.
_ITS_OWN: Final = frozenset(
    {
        ErrorCode.PROVIDER_REJECTED,
        ErrorCode.PROVIDER_CREDITS,
        ErrorCode.PROVIDER_AUTH,
        ErrorCode.PROVIDER_RATE_LIMIT,
        ErrorCode.PROVIDER_UNAVAILABLE,
        ErrorCode.EMPTY_RESULT,
    }
)
_AT_ONCE: Final = frozenset({ErrorCode.PROVIDER_AUTH, ErrorCode.PROVIDER_CREDITS})
_UNANSWERED: Final = frozenset({ErrorCode.PROVIDER_UNAVAILABLE, ErrorCode.AMBIGUOUS_SUBMIT})
_MOST_UNANSWERED: Final = 5

type Document = dict[str, Any]
type Task = tuple[MemoryProvider, TaskId, MemoryTask]


class Call(NamedTuple):
    """One request as its provider got it, or did not, and how it was answered."""

    order: Order
    at: datetime
    error: SubmissionError | None
    is_lost: bool  # accepted, and nobody heard of it

    @property
    def is_unsure(self) -> bool:
        return self.is_lost or isinstance(self.error, FateUnknown)


class Suppliers:
    """Providers that answer as they are told, and keep books of their own."""

    def __init__(self, providers: Collection[MemoryProvider]) -> None:
        self.providers = {provider.name: provider for provider in providers}
        self.calls: dict[tuple[str, int], list[Call]] = defaultdict(list)
        self.complaints: list[str] = []
        self._answers: dict[str, deque[SubmissionError | None]] = defaultdict(deque)
        self._in_a_row: Counter[tuple[str, str]] = Counter()
        self._outages: set[tuple[str, str]] = set()

    def will_answer(
        self, names: Collection[str], answers: Sequence[SubmissionError | None]
    ) -> None:
        """Give each of them the answers to its next requests; None accepts."""
        for name in names:
            self._answers[name] = deque(answers)

    def take(self, order: Order, at: datetime) -> None:
        """Note a request that has come, and see to it that it is answered as was told."""
        provider = self.providers[order.offer.provider]
        answers = self._answers[provider.name]
        error = answers.popleft() if answers else None
        provider.errors = [error] if error else []
        call = Call(order, at, error, is_lost=provider.loses_answers and not error)
        self._complain(call)
        self.calls[order.job_id, order.submission.attempt].append(call)
        self._count(call)

    def heal(self) -> None:
        self._answers.clear()
        for provider in self.providers.values():
            provider.errors, provider.loses_answers, provider.is_silent = [], False, False

    def finish_all(self) -> None:
        for provider in self.providers.values():
            provider.finish_all()

    def tasks(self, *, job_id: str | None = None, state: TaskState | None = None) -> list[Task]:
        return [
            (provider, task_id, task)
            for provider in self.providers.values()
            for task_id, task in provider.tasks.items()
            if job_id in {None, task.order.job_id} and state in {None, task.state}
        ]

    def made(self, job_id: str, attempt: int | None = None) -> Counter[str]:
        """Return how many images each provider has made for a job, or for one attempt."""
        made = Counter[str]()
        for provider, _, task in self.tasks(job_id=job_id):
            if attempt in {None, task.order.submission.attempt}:
                made[provider.name] += len(task.result_urls)
        return made

    def cost(
        self, job_id: str, prices: Mapping[str, Decimal | None], attempt: int | None = None
    ) -> Decimal | None:
        """Return what they charge for it; None where nobody knows the price of what was made."""
        total = Decimal(0)
        for name, images in (+self.made(job_id, attempt)).items():
            price = prices[name]
            if price is None:
                return None
            total += price * images
        return total

    def gone(self, job_id: str) -> int:
        """Return how many images were in answers that got lost: nobody has a copy."""
        return sum(
            len(task.result_urls)
            for (owner, _), calls in self.calls.items()
            for call in calls
            if owner == job_id and call.is_lost and call.order.submission.delivery == "sync"
            for task in self._tasks_of(call).values()
        )

    def taken(self, job_id: str) -> int:
        """Return for how many images the job is charged, or may yet be."""
        return sum(
            task.images if task.state is TaskState.PENDING else len(task.result_urls)
            for _, _, task in self.tasks(job_id=job_id)
        )

    def is_unsure(self, job_id: str, attempt: int) -> bool:
        """Whether it may have accepted something without a word."""
        return any(call.is_unsure for call in self.calls[job_id, attempt])

    def tries(self, job_id: str, attempt: int) -> int:
        """Return how often it was asked in vain for what it then never answered."""
        calls = self.calls[job_id, attempt]
        left = {n for n, c in self._latest(job_id, attempt).items() if _was_not_sent(c)}
        tries = Counter(call.order.submission.number for call in calls)
        return max((tries[number] for number in left), default=0)

    def has_answered(self, job_id: str, attempt: int) -> bool:
        """Whether there was an answer to anything that was sent."""
        return not all(map(_was_not_sent, self.calls[job_id, attempt]))

    def has_surely_failed(self, job_id: str, attempt: Document) -> bool:
        """Whether nothing was made, nothing may come, and nobody but the provider is at fault."""
        latest = self._latest(job_id, attempt["number"])
        return all(self._came_to_nothing(call, attempt) for call in latest.values())

    def was_out(self, provider: str, model: str) -> bool:
        """Whether there was ever a reason to take it for out of order."""
        return (provider, model) in self._outages

    def _latest(self, job_id: str, attempt: int) -> dict[int, Call]:
        return {call.order.submission.number: call for call in self.calls[job_id, attempt]}

    def _came_to_nothing(self, call: Call, attempt: Document) -> bool:
        if call.error:
            return not call.is_unsure and call.error.fault.code in _ITS_OWN
        tasks = self._tasks_of(call)
        is_known = tasks.keys() <= set(attempt["task_ids"])
        return is_known and all(_is_in_vain(task) for task in tasks.values())

    def _tasks_of(self, call: Call) -> dict[TaskId, MemoryTask]:
        tasks = self.providers[call.order.offer.provider].tasks
        return {task_id: task for task_id, task in tasks.items() if task.order is call.order}

    def _complain(self, call: Call) -> None:
        for before in self.calls[call.order.job_id, call.order.submission.attempt]:
            is_same = before.order.submission.number == call.order.submission.number
            if is_same and not _was_not_sent(before):
                self.complaints.append(f"sent twice: {call.order.job_id}, {before.error!r}")

    def _count(self, call: Call) -> None:
        offer = call.order.offer
        place = offer.provider, offer.model
        code = ErrorCode.AMBIGUOUS_SUBMIT if call.is_lost else None
        code = call.error.fault.code if call.error else code
        if code in _UNANSWERED or code in _AT_ONCE:
            self._in_a_row[place] += 1
        elif code is not ErrorCode.PROVIDER_RATE_LIMIT:
            self._in_a_row[place] = 0
        if code in _AT_ONCE or self._in_a_row[place] >= _MOST_UNANSWERED:
            self._outages.add(place)


def _was_not_sent(call: Call) -> bool:
    return isinstance(call.error, NotSent)


def _is_in_vain(task: MemoryTask) -> bool:
    if task.state is TaskState.FAILED:
        return task.fault is not None and task.fault.code in _ITS_OWN
    return task.state is TaskState.SUCCEEDED and not task.result_urls
