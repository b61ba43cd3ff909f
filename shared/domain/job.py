"""A job: one request for images, from admission to its one terminal state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from shared.domain.bounds import cut, thinned
from shared.domain.errors import ErrorCode, Fault, InvalidTransition, TaskTaken
from shared.domain.failover import (
    PATIENT_TRIES,
    Leg,
    because,
    has_surely_failed,
    leg_after,
)
from shared.domain.ids import KeyId
from shared.domain.image import Look, StoredImage, merged
from shared.domain.job_facts import JobFacts, TimelineEntry
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.reopening import check_room, held_by, legs_within
from shared.domain.status import (
    DISPATCH_PATIENCE,
    RECOVERY_PATIENCE,
    REOPENABLE,
    TRANSITIONS,
    JobStatus,
)
from shared.domain.submission import UNANSWERED, Attempt, Submission, SubmissionState, split

# With `on_unknown: retry` every attempt may be paid for, so their number is bounded.
_MOST_PAID_GUESSES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(JobFacts):
    """Each step returns the job one version on; none of them changes what is there."""

    def plan(self, at: datetime, *, per_submission: int) -> Self:
        """Lay out what is to be sent next: what was not sent, else a new attempt."""
        if not self.has_work_to_send:
            raise InvalidTransition(f"{self.id}: nothing to send while {self.status}")
        if any(s.is_planned for s in self.current):
            return self
        number = len(self.attempts) + 1
        attempt = Attempt(
            number=number,
            provider=self.provider,
            delivery=self.delivery,
            started_at=at,
            decision=self.decision or None,
            key_id=self.payer,
        )
        missing = self.input.n - len(self.images)
        planned = split(missing, per_submission=per_submission, attempt=attempt)
        return replace(
            self,
            attempts=(*self.attempts, attempt),
            submissions=(*self.submissions, *planned),
        )

    def claim(self, at: datetime, *, sending: Iterable[Submission]) -> Self:
        """Write down what is about to be sent. Only who saves this may send it, and only once."""
        status = JobStatus.SUBMITTING if self.status is JobStatus.QUEUED else self.status
        job = self._with(sending)._to(status, at)
        patience = max(s.answer_patience for s in job.current)
        due_at = job._due(at + patience)
        return replace(job, due_at=due_at, dispatch_tries=self.dispatch_tries + 1)

    def answered(
        self, answers: Iterable[Submission], *, at: datetime, check_at: datetime, retry_at: datetime
    ) -> Self:
        """Take in what became of the submissions just sent, or recovered later.

        `check_at` is when to ask an accepting provider; `retry_at` when to send what was not sent.
        Raises TaskTaken when a task is another submission's already.
        """
        job = self._with(answers)
        if len(set(job.tasks)) < len(job.tasks):
            raise TaskTaken(f"{self.id}: a task belongs to another submission")
        if self.is_terminal:
            return job._going_on(at, due_at=check_at)
        if self.status is JobStatus.QUEUED:  # of an attempt before: the next is yet to be sent
            return job._going_on(at, due_at=self.due_at or retry_at)
        states = {s.state for s in job.current if not s.given_up}
        is_unsent = SubmissionState.PLANNED in states
        due_at = retry_at if is_unsent else check_at
        if SubmissionState.ACCEPTED in states:
            return job._going_on(at, due_at=min(due_at, check_at), status=JobStatus.PROCESSING)
        if states & UNANSWERED:
            return job._going_on(at, due_at=min(due_at, at + RECOVERY_PATIENCE))
        return job._turned_away(at, retry_at) if is_unsent else job._finished(at)

    def storing(self, at: datetime) -> Self:
        return self._to(JobStatus.STORING, at)

    def settled(
        self,
        updates: Iterable[Submission],
        images: Iterable[StoredImage],
        *,
        at: datetime,
        check_at: datetime,
    ) -> Self:
        """Take in stored images and what is known of their submissions; finish when all is known.

        Of a job that is over the state stays as it is: what comes now is late, and kept.
        """
        job = replace(self._with(updates), images=merged(self.images, images))
        if self.is_terminal:
            late = self.late or len(job.images) > len(self.images)
            return replace(job._going_on(at, due_at=check_at), late=late)
        waiting = any(s.is_open for s in job.current)
        complete = len(job.images) >= job.input.n
        if job.status is JobStatus.QUEUED and not complete:
            return job._going_on(at, due_at=self.due_at or check_at)
        if waiting and not complete:
            return job._going_on(at, due_at=check_at)
        return job._finished(at)

    def cancelled(self, at: datetime) -> Self:
        """Call the job off. What the provider makes of it all the same is kept as late."""
        return self._ended(JobStatus.CANCELLED, at, error=None)

    def expired(self, at: datetime, fault: Fault) -> Self:
        return self._ended(JobStatus.EXPIRED, at, error=fault)

    def sidestepped(self, at: datetime, leg: Leg, decision: str) -> Self:
        """Go another way before anything went out: what was only planned is closed unsent."""
        fault = _fault(ErrorCode.PROVIDER_UNAVAILABLE, decision)
        closed = [s.refused(fault, at) for s in self.current if s.is_planned]
        return self._with(closed).rerouted(leg, decision)

    def rerouted(self, leg: Leg, decision: str) -> Self:
        """Send the next attempt another way; the tries are counted anew."""
        return replace(
            self,
            provider=leg.provider,
            delivery=leg.delivery,
            sandbox=leg.sandbox,
            estimated_usd=leg.estimated_usd,
            decision=cut(decision),
            dispatch_tries=0,
        )

    def reopened(self, at: datetime, *, key_id: KeyId, limits: Limits = UNLIMITED) -> Self:
        """Try again under the same id, on the account of this key; the deadlines run anew.

        What earlier attempts cost, or turn out to have cost, stays with the keys they ran under.
        Raises InvalidTransition, TooManyAttempts, and Unpriced where the key has a budget and
        nobody knows what the attempt would cost.
        """
        if self.status not in REOPENABLE:
            raise InvalidTransition(f"a job that is {self.status} cannot be retried")
        check_room(self, key_id)
        job = replace(self, route=legs_within(self, limits))
        job = job._to(JobStatus.QUEUED, at, note="retry")
        if job.route:
            job = job.rerouted(job.route[0], f"{job.route[0].provider}: tried again, as asked")
        job = replace(
            held_by(job, key_id, limits, at),
            # Nothing of the attempts before is waited for, though what they bring still counts.
            submissions=tuple(s.let_go() for s in self.submissions),
            error=None,
            completed_at=None,
            dispatch_tries=0,
            opened_at=at,
        )
        # Late results may have brought everything: then there is nothing to ask for again.
        if len(job.images) >= job.input.n:
            return job._finished(at)
        return replace(job, due_at=job._due(at + DISPATCH_PATIENCE))

    def postponed(self, at: datetime, due_at: datetime) -> Self:
        """Look again later: nothing has changed for long."""
        return self._going_on(at, due_at=due_at)

    def looked_at(self, looks: Mapping[str, Look]) -> Self | None:
        """Write down what decoding showed of images, by their keys; None when it is known.

        The job itself has not moved: state, times and deadlines stay, and nothing is announced.
        """
        if not any(image.key in looks for image in self.unseen_images):
            return None
        images = tuple(
            image.looked_at(looks[image.key])
            if image.verified is None and image.key in looks
            else image
            for image in self.images
        )
        return replace(self, images=images, version=self.version + 1)

    def _finished(self, at: datetime) -> Self:
        if len(self.images) >= self.input.n:
            return self._ended(JobStatus.SUCCEEDED, at, error=None)
        faults = [fault for s in self.current for fault in s.faults]
        following = leg_after(self.route, self.provider)
        may_follow = not self.images and self.may_begin_another
        if following and may_follow and has_surely_failed(self.current):
            decision = because(faults, failed=self.provider, following=following)
            job = self._to(JobStatus.QUEUED, at, note=decision).rerouted(following, decision)
            return replace(job, due_at=job._due(at))
        if self._may_guess_again():
            note = "the fate of a submission stays unknown: tried again, as asked"
            job = self._to(JobStatus.QUEUED, at, note=note)
            return replace(job, due_at=job._due(at), dispatch_tries=0)
        status = JobStatus.PARTIAL if self.images else JobStatus.FAILED
        error = faults[0] if faults else _fault(ErrorCode.EMPTY_RESULT, "no image came")
        return self._ended(status, at, error=error)

    def _turned_away(self, at: datetime, retry_at: datetime) -> Self:
        """Nothing has gone out, at least not all: try again later, or elsewhere."""
        if self._gives_up_trying():
            refused = [s.refused(s.faults[0], at) for s in self.current if s.faults]
            return self._with(refused)._finished(at)
        # What is under way stays so; what never began waits in the queue again.
        is_first = self.status is JobStatus.SUBMITTING
        status = JobStatus.QUEUED if is_first else self.status
        return self._going_on(at, due_at=retry_at, status=status)

    def _gives_up_trying(self) -> bool:
        """Whether another provider is to do what this one would not take in several tries."""
        another = leg_after(self.route, self.provider)
        never_sent = all(s.state is SubmissionState.PLANNED for s in self.current)
        return bool(another and never_sent and self.dispatch_tries >= PATIENT_TRIES)

    def _may_guess_again(self) -> bool:
        guessed = any(s.given_up and s.state in UNANSWERED for s in self.current)
        bounded = len(self.attempts) < _MOST_PAID_GUESSES
        return guessed and self.on_unknown == "retry" and bounded

    def _ended(self, status: JobStatus, at: datetime, *, error: Fault | None) -> Self:
        job = replace(self._to(status, at), error=error, completed_at=at)
        return replace(job, due_at=at + RECOVERY_PATIENCE if job.followed else None)

    def _going_on(self, at: datetime, *, due_at: datetime, status: JobStatus | None = None) -> Self:
        """Keep the state, or take a step that does not end the job."""
        step = status if status in TRANSITIONS[self.status] and not self.is_terminal else None
        note = self._why() if step is JobStatus.QUEUED else None
        job = self._to(step or self.status, at, note=note)
        return replace(job, due_at=job._due(due_at))

    def _due(self, wanted: datetime) -> datetime | None:
        """Never look later than the caller's own deadlines, nor at all when nothing can come."""
        if self.is_terminal:
            return wanted if self.followed else None
        starts = [self.start_by] if self.start_by and not self._has_started else []
        return min(wanted, self.finish_by, *starts)

    def _with(self, changed: Iterable[Submission]) -> Self:
        new = {(s.attempt, s.number): s.bounded() for s in changed}
        merged = tuple(new.get((s.attempt, s.number), s) for s in self.submissions)
        return replace(self, submissions=merged)

    def _why(self) -> str | None:
        faults = [fault.message for s in self.current for fault in s.faults]
        return faults[0] if faults else None

    def _to(self, status: JobStatus, at: datetime, *, note: str | None = None) -> Self:
        timeline = self.timeline
        if status is not self.status:
            if status not in TRANSITIONS[self.status]:
                raise InvalidTransition(f"{self.id}: {self.status} -> {status}")
            entry = TimelineEntry(at=at, status=status, note=note and cut(note))
            timeline = thinned((*timeline, entry))
        version = self.version + 1
        return replace(self, status=status, version=version, updated_at=at, timeline=timeline)


def _fault(code: ErrorCode, message: str) -> Fault:
    return Fault(code=code, message=cut(message))
