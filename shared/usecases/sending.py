"""One paid call, and what became of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.errors import ErrorCode, FateUnknown, Fault, NotSent, Refused
from shared.domain.job import Job
from shared.domain.offers import Offer
from shared.domain.submission import Submission, SubmissionState
from shared.ports.providers import Acceptance, Letter, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A submission as it is claimed, with the letter to send, or why there is none."""

    submission: Submission
    letter: Letter | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A job as its claim is written down, and what may go out once it is."""

    job: Job
    offer: Offer
    drafts: Sequence[Draft]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a submission, to be taken in wherever it stands by then."""

    sent: Submission
    take: Callable[[Submission], Submission]
    fault: Fault | None = None
    retry_after_seconds: float | None = None
    acceptance: Acceptance | None = None
    was_called: bool = True

    def is_for(self, submission: Submission) -> bool:
        """Whether it is news: a callback may have brought it already."""
        same = (submission.attempt, submission.number) == (self.sent.attempt, self.sent.number)
        return same and submission.state is SubmissionState.SENDING


def send(draft: Draft, *, provider: Provider, now: Callable[[], datetime]) -> Answer:
    """The one line that may cost money. Whatever it raises, it is not called again."""
    if isinstance(draft.letter, Refused):
        return _refused(draft, draft.letter, now(), was_called=False)
    sent = draft.submission
    try:
        acceptance = provider.submit(draft.letter)
    except NotSent as error:
        fault, wait = error.fault, error.retry_after_seconds
        take = lambda s: s.not_sent(fault)  # noqa: E731  it is stored, not named
        return Answer(sent=sent, take=take, fault=fault, retry_after_seconds=wait)
    except Refused as error:
        return _refused(draft, error, now())
    except FateUnknown as error:
        fault = error.fault
        return Answer(sent=sent, take=lambda s: s.unknown(fault), fault=fault)
    return Answer(
        sent=sent,
        take=lambda s: s.accepted(acceptance.task_ids, acceptance.made),
        acceptance=acceptance,
    )


def unsent(draft: Draft) -> Answer:
    """Return the answer for a draft that was not sent at all, for want of time."""
    fault = Fault(code=ErrorCode.PROVIDER_TIMEOUT, message="not called: too little time was left")
    take = lambda s: s.not_sent(fault)  # noqa: E731  it is stored, not named
    return Answer(sent=draft.submission, take=take, fault=fault, was_called=False)


def disowned(answer: Answer) -> Answer:
    """Return the answer for a task that turned out to be another job's.

    What came with the answer came for this request, whatever name it bears.
    """
    made = answer.acceptance.made if answer.acceptance else None
    if made:
        return replace(answer, take=lambda s: s.accepted((), made))
    message = "the provider answered with a task that belongs to another job"
    fault = Fault(code=ErrorCode.AMBIGUOUS_SUBMIT, message=message)
    return Answer(sent=answer.sent, take=lambda s: s.unknown(fault), fault=fault)


def _refused(draft: Draft, error: Refused, at: datetime, *, was_called: bool = True) -> Answer:
    fault = error.fault
    return Answer(
        sent=draft.submission,
        take=lambda s: s.refused(fault, at),
        fault=fault,
        was_called=was_called,
    )
