"""Planted bugs of sending: claims, failover, and requests that are repeated."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from shared.adapters.memory import table
from shared.domain import job as jobs
from shared.domain.errors import ErrorCode
from shared.domain.failover import leg_after
from shared.domain.job import Job
from shared.domain.job_facts import JobFacts
from shared.domain.status import JobStatus
from shared.domain.submission import UNANSWERED, Submission, SubmissionState
from shared.usecases import dispatch_attempt
from shared.usecases.dispatch_attempt import DispatchAttempt
from shared.usecases.sending import Answer
from shared.usecases.take_in import TakeIn
from tests.simulation.mutant import Mutant, Original

# --- sending


def _unknown_is_not_sent(send: Original) -> Any:
    def broken(draft: Any, **world: Any) -> Any:
        answer = send(draft, **world)
        if (
            answer.sent.state is SubmissionState.SENDING
            and answer.fault
            and (answer.fault.code is ErrorCode.AMBIGUOUS_SUBMIT)
        ):
            return replace(answer, take=lambda s: s.not_sent(answer.fault))
        return answer

    return broken


def _no_claim_before_the_call(call: Original) -> Any:
    def broken(self: DispatchAttempt, job: Job, changed: Job) -> Job | None:
        if changed.status is JobStatus.SUBMITTING and job.status is JobStatus.QUEUED:
            return changed  # the claim is written with the answer, or never
        return call(self, job, changed)

    return broken


def _claim_is_left_out_of_the_admission(add: Original) -> Any:
    def broken(self: table.MemoryJobStore, job: Job, *, claimed: Any = None, **more: Any) -> None:
        del claimed
        add(self, job, **more)

    return broken


def _saves_without_condition(_: Original) -> Any:
    def broken(self: table.MemoryJobStore, job: Job, *, was: Job, **_: Any) -> None:
        self._write(job, was=was)

    return broken


def _what_is_being_sent_is_sent_again(_: Original) -> Any:
    def broken(self: Job) -> bool:
        unsent = (SubmissionState.PLANNED, SubmissionState.SENDING)
        return not self.is_terminal and (
            not self.attempts or any(s.state in unsent for s in self.current)
        )

    return broken


def _plans_what_is_being_sent(plan: Original) -> Any:
    def broken(self: Job, at: datetime, *, per_submission: int) -> Job:
        again = [
            replace(s, state=SubmissionState.PLANNED)
            for s in self.current
            if s.state in UNANSWERED and not s.given_up
        ]
        if again and not self.is_terminal:
            return self._with(again)
        return plan(self, at, per_submission=per_submission)

    return broken


def _unsent_is_forgotten(_: Original) -> Any:
    return lambda self: self.status is JobStatus.QUEUED and not self.attempts


def _always_guesses_again(_: Original) -> Any:
    def broken(self: Job) -> bool:
        return any(s.given_up and s.state in UNANSWERED for s in self.current)

    return broken


def _answers_overwrite(_: Original) -> Any:
    def broken(self: Any, one: Submission) -> bool:
        return (one.attempt, one.number) == (self.sent.attempt, self.sent.number)

    return broken


# --- failover


def _fails_over_too_soon(_: Original) -> Any:
    return lambda submissions: any(s.faults for s in submissions)


def _moves_on_while_something_is_open(finished: Original) -> Any:
    def broken(self: Job, updates: Any, images: Any, **when: Any) -> Job:
        done: Job = finished(self, updates, images, **when)
        is_stuck = any(s.given_up or s.state in UNANSWERED for s in done.current)
        following = leg_after(done.route, done.provider)
        if is_stuck and following and not done.is_terminal:
            return replace(
                done._to(JobStatus.QUEUED, when["at"]).rerouted(following, "impatience"),
                due_at=when["at"],
            )
        return done

    return broken


def _drops_what_came_inline(keep: Original) -> Any:
    def broken(self: TakeIn, *facts: Any) -> Any:
        return replace(keep(self, *facts), images=())

    return broken


# --- idempotency


def _never_deduplicates(_: Original) -> Any:
    return lambda *_, **__: None


def _key_is_written_first(add: Original) -> Any:
    def broken(self: table.MemoryJobStore, job: Job, *, admission: Any = None, **more: Any) -> None:
        if admission:
            self._admissions.pop(admission.idempotency.key, None)
        add(self, job, admission=admission, **more)

    return broken


BROKEN_SENDING: Final = (
    Mutant("retry on a lost answer", dispatch_attempt, "send", _unknown_is_not_sent),
    Mutant("no intent before the call", DispatchAttempt, "_saved", _no_claim_before_the_call),
    Mutant(
        "admit without the claim",
        table.MemoryJobStore,
        "add",
        _claim_is_left_out_of_the_admission,
    ),
    Mutant("save without a condition", table.MemoryJobStore, "save", _saves_without_condition),
    Mutant("resend what is being sent", Job, "plan", _plans_what_is_being_sent, first_seed=347),
    Mutant("forget what was not sent", JobFacts, "has_work_to_send", _unsent_is_forgotten),
    Mutant("guess again without consent", Job, "_may_guess_again", _always_guesses_again),
    Mutant("answers overwrite news", Answer, "is_for", _answers_overwrite, first_seed=2446),
    Mutant("fail over too soon", jobs, "has_surely_failed", _fails_over_too_soon),
    Mutant("move on while it is open", Job, "settled", _moves_on_while_something_is_open),
    Mutant("drop what came inline", TakeIn, "_keep", _drops_what_came_inline),
    Mutant("no idempotency", table.MemoryJobStore, "admitted", _never_deduplicates),
    Mutant(
        "idempotency outside the transaction", table.MemoryJobStore, "add", _key_is_written_first
    ),
)
