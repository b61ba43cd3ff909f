"""Planted bugs: our own rules broken one at a time. The simulation must catch every one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from typing import Any, Final

from shared.adapters.memory import buckets, table
from shared.adapters.memory.ledger import MemoryLedger
from shared.domain import job as jobs
from shared.domain import reports, settlement
from shared.domain.errors import ErrorCode, JobNotFound, VersionConflict
from shared.domain.failover import leg_after
from shared.domain.job import Job
from shared.domain.job_facts import JobFacts
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.status import JobStatus
from shared.domain.submission import UNANSWERED, Submission, SubmissionState
from shared.ports.media import Download
from shared.usecases import collect_result, dispatch_attempt, lifecycle
from shared.usecases.admit_job import AdmitJob
from shared.usecases.collect_result import CollectResult
from shared.usecases.dispatch_attempt import DispatchAttempt
from shared.usecases.publish_events import PublishEvents
from shared.usecases.recover import Recover
from shared.usecases.sending import Answer
from shared.usecases.take_in import TakeIn
from tests.simulation.webhook_mutants import BROKEN_DELIVERIES

type Original = Any


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule of ours, and the code without it."""

    name: str
    owner: Any
    attribute: str
    broken: Callable[[Original], Any]

    @contextmanager
    def planted(self) -> Iterator[None]:
        original = self.owner.__dict__[self.attribute]
        plain = original.fget if isinstance(original, property) else original
        broken = self.broken(plain)
        setattr(self.owner, self.attribute, property(broken) if original is not plain else broken)
        try:
            yield
        finally:
            setattr(self.owner, self.attribute, original)


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
    return lambda self, admission, now: None


def _key_is_written_first(add: Original) -> Any:
    def broken(self: table.MemoryJobStore, job: Job, *, admission: Any = None, **more: Any) -> None:
        if admission:
            self._admissions.pop(admission.idempotency.key, None)
        add(self, job, admission=admission, **more)

    return broken


# --- money


def _reserves_outside_the_transaction(post: Original) -> Any:
    """The reservation is a write of its own, which a crash forgets: here it always does."""

    def broken(self: MemoryLedger, job: Job, *, was: Job | None, **limits: Any) -> Any:
        return () if was is None else post(self, job, was=was, **limits)

    return broken


def _settles_every_time(post: Original) -> Any:
    def broken(self: MemoryLedger, job: Job, *, was: Job | None, **limits: Any) -> Any:
        if was and was.is_terminal and job.is_terminal:
            was = replace(was, status=JobStatus.PROCESSING)
        return post(self, job, was=was, **limits)

    return broken


def _forgets_to_release(posting: Original) -> Any:
    def broken(job: Job) -> Any:
        found = posting(job)
        kept = job.hold.reserved if job.hold else 0
        return replace(found, committed=max(found.committed, kept))

    return broken


def _checks_the_budget_before(admit: Original) -> Any:
    def broken(self: AdmitJob, wish: Any, *, key: Any, **parts: Any) -> Any:
        store: Any = self.jobs

        def add(job: Job, *, limits: Limits, **more: Any) -> None:
            store._inner.ledger.check(job, was=None, limits=limits)  # and then something happens
            store.add(job, limits=UNLIMITED, **more)
            _set_budget(store._inner.ledger, job, limits)

        blind = replace(self, jobs=SimpleNamespace(add=add, admitted=store.admitted))
        return admit(blind, wish, key=key, **parts)

    return broken


def _counts_up_alone(post: Original) -> Any:
    def broken(self: MemoryLedger, job: Job, **step: Any) -> Any:
        before = self.in_flight[job.key_id]
        alarms = post(self, job, **step)
        self.in_flight[job.key_id] = max(before, self.in_flight[job.key_id])
        return alarms

    return broken


def _set_budget(ledger: MemoryLedger, job: Job, limits: Limits) -> None:
    window = job.hold.window if job.hold else ""
    account = ledger.accounts.get((job.key_id, window))
    if account and limits.budget:
        ledger.accounts[job.key_id, window] = replace(account, budget=limits.budget)


# --- callbacks and recovery


def _believes_any_task_id(_: Original) -> Any:
    def broken(self: Recover, job: Job, hint: Any) -> Job:
        waiting = [s for s in job.followed if s.state in UNANSWERED]
        return self._accept(job, waiting[0], (hint.task_id,)) if waiting else job

    return broken


def _believes_the_callback(ask: Original) -> Any:
    def broken(self: CollectResult, job: Job, one: Submission) -> Any:
        if one.state is SubmissionState.ACCEPTED:
            failed = reports.TaskState.FAILED
            return tuple(reports.TaskReport(task_id=t, state=failed) for t in one.task_ids)
        return ask(self, job, one)

    return broken


def _no_owner_of_a_task(write: Original) -> Any:
    def broken(self: table.MemoryJobStore, job: Job, **step: Any) -> None:
        write(self, job, **step)
        self._owners.clear()

    return broken


def _adopts_any_number(recover: Original) -> Any:
    def broken(self: Recover, job: Job) -> Any:
        for one in job.followed:
            if one.state in UNANSWERED:
                seen = self._found(job, one).task_ids
                if seen:
                    job = self._accept(job, one, seen[:1])
        return recover(self, job)

    return broken


# --- collecting


def _says_stored_and_does_not(_: Original) -> Any:
    def broken(self: Any, job_id: Any, *, attempt: int, position: int, download: Any) -> Any:
        key = f"images/{job_id}/{attempt}/{position}.png"
        content = b"".join(download.chunks)
        return buckets._described(content, key=key, attempt=attempt, position=position)

    return broken


def _second_writer_wins(store: Original) -> Any:
    numbers = count()

    def broken(self: Any, job_id: Any, *, attempt: int, position: int, download: Any) -> Any:
        content = b"".join(download.chunks) + str(next(numbers)).encode()
        changed = Download(iter([content]))
        image = store(self, job_id, attempt=attempt, position=position, download=changed)
        self.objects[image.key] = content
        return replace(image, sha256=image.sha256)

    return broken


def _one_key_for_all_attempts(_: Original) -> Any:
    def broken(job_id: Any, *, attempt: int, position: int, extension: str) -> str:
        del attempt
        return f"images/{job_id}/{position}.{extension}"

    return broken


def _places_by_order_of_arrival(_: Original) -> Any:
    def broken(one: Submission, found: Any) -> Iterator[reports.Result]:
        urls = [url for report in found for url in report.result_urls]
        for position, url in enumerate(urls, start=one.first_position):
            yield reports.Result(position=position, url=url)

    return broken


def _drops_what_is_not_stored(conclude: Original) -> Any:
    def broken(one: Submission, found: Any, **facts: Any) -> Submission:
        return conclude(one, found, **(facts | {"not_stored": []}))

    return broken


def _charges_what_was_asked(_: Original) -> Any:
    def broken(found: Any, offer: Any) -> Decimal:
        del offer
        return Decimal("0.0350") * len(found)

    return broken


def _loses_the_race_silently(_: Original) -> Any:
    def broken(store: Any, job_id: Any, change: Any, **_: Any) -> Job:
        job: Job = store.get(job_id)
        changed = change(job)
        if changed is None:
            return job
        with suppress(VersionConflict):
            store.save(changed, was=job)
        return changed

    return broken


# --- the end, and what comes after it


def _never_gives_up(_: Original) -> Any:
    return lambda one, at: one


def _timeout_forgets_the_task(_: Original) -> Any:
    def broken(self: Submission, fault: Any) -> Submission:
        at = self.sent_at
        return self if at is None else self.settled(faults=(fault,), charged=Decimal(0), at=at)

    return broken


def _over_is_over(_: Original) -> Any:
    return lambda self: () if self.is_terminal else _followed(self)


def _only_the_latest_attempt(_: Original) -> Any:
    return lambda self: tuple(s for s in self.current if s.may_bring_images)


def _late_news_reopens(settled: Original) -> Any:
    def broken(self: Job, updates: Any, images: Any, **when: Any) -> Job:
        done: Job = settled(self, updates, images, **when)
        if self.is_terminal and len(done.images) >= done.input.n:
            return replace(done, status=JobStatus.SUCCEEDED)
        return done

    return broken


def _nothing_is_due_after_the_end(_: Original) -> Any:
    return lambda self, wanted: None if self.is_terminal else wanted


def _deadlines_are_ignored(_: Original) -> Any:
    return lambda self, at: None


def _rows_are_forgotten_soon(get: Original) -> Any:
    def broken(self: table.MemoryJobStore, job_id: Any) -> Job:
        job: Job = get(self, job_id)
        newest = max(other.updated_at for other in self._jobs.values())
        if job.updated_at < newest - timedelta(minutes=10):
            del self._jobs[job_id]
            raise JobNotFound(job_id)
        return job

    return broken


def _reads_are_stale(get: Original) -> Any:
    seen: dict[Any, Job] = {}

    def broken(self: table.MemoryJobStore, job_id: Any) -> Job:
        return seen.setdefault((id(self), job_id), get(self, job_id))

    return broken


# --- the watch and the events


def _watch_skips_the_unsent(due: Original) -> Any:
    def broken(self: Any, **query: Any) -> Any:
        return [job for job in due(self, **query) if not job.unsent]

    return broken


def _watch_trusts_callbacks(due: Original) -> Any:
    def broken(self: Any, **query: Any) -> Any:
        return [j for j in due(self, **query) if not any(t.provider == "apixo" for t in j.tasks)]

    return broken


def _lease_is_for_ever(_: Original) -> Any:
    def broken(self: table.MemoryLeases, name: str, *, owner: str, **when: Any) -> bool:
        holder = self._held.setdefault(name, (owner, when["until"]))
        return holder[0] == owner

    return broken


def _forgets_before_publishing(_: Original) -> Any:
    def broken(self: PublishEvents, events: Any) -> int:
        self.outbox.published(events)
        self.plan_deliveries(events)
        return len(events) - len(self.bus.publish(events))

    return broken


def _no_second_look_at_events(_: Original) -> Any:
    return lambda self, now: []


def _bytes_are_made_when_sent(publish: Original) -> Any:
    numbers = count()

    def broken(self: PublishEvents, events: Any) -> Any:
        fresh = [replace(event, detail=event.detail + f" {next(numbers)}") for event in events]
        return publish(self, fresh)

    return broken


def _silent_transitions(_: Original) -> Any:
    def broken(self: table.MemoryJobStore, job: Job, **_: Any) -> None:
        self._jobs[job.id] = job
        self._owners |= dict.fromkeys(job.tasks, job.id)

    return broken


def _followed(job: Job) -> tuple[Submission, ...]:
    return tuple(s for s in job.submissions if s.may_bring_images)


_Store = table.MemoryJobStore
_Media = buckets.MemoryMediaStore

MUTANTS: Final = (
    Mutant("retry on a lost answer", dispatch_attempt, "send", _unknown_is_not_sent),
    Mutant("no intent before the call", DispatchAttempt, "_saved", _no_claim_before_the_call),
    Mutant("admit without the claim", _Store, "add", _claim_is_left_out_of_the_admission),
    Mutant("save without a condition", _Store, "save", _saves_without_condition),
    Mutant("resend what is being sent", Job, "plan", _plans_what_is_being_sent),
    Mutant("forget what was not sent", JobFacts, "has_work_to_send", _unsent_is_forgotten),
    Mutant("guess again without consent", Job, "_may_guess_again", _always_guesses_again),
    Mutant("answers overwrite news", Answer, "is_for", _answers_overwrite),
    Mutant("fail over too soon", jobs, "has_surely_failed", _fails_over_too_soon),
    Mutant("move on while it is open", Job, "settled", _moves_on_while_something_is_open),
    Mutant("drop what came inline", TakeIn, "_keep", _drops_what_came_inline),
    Mutant("no idempotency", _Store, "_refuse_repeat", _never_deduplicates),
    Mutant("idempotency outside the transaction", _Store, "add", _key_is_written_first),
    Mutant(
        "reserve outside the transaction", MemoryLedger, "post", _reserves_outside_the_transaction
    ),
    Mutant("settle twice", MemoryLedger, "post", _settles_every_time),
    Mutant("release forgotten", settlement, "posting", _forgets_to_release),
    Mutant("budget checked before", AdmitJob, "__call__", _checks_the_budget_before),
    Mutant("never off the list of jobs under way", MemoryLedger, "post", _counts_up_alone),
    Mutant("adopt any task id", Recover, "adopt", _believes_any_task_id),
    Mutant("believe the callback body", CollectResult, "_ask", _believes_the_callback),
    Mutant("ignore who owns a task", _Store, "_write", _no_owner_of_a_task),
    Mutant("adopt any number of tasks", Recover, "__call__", _adopts_any_number),
    Mutant("state before storage", _Media, "store", _says_stored_and_does_not),
    Mutant("overwrite a stored image", _Media, "store", _second_writer_wins),
    Mutant("one key for all attempts", buckets, "image_key", _one_key_for_all_attempts),
    Mutant("place by arrival", collect_result, "results", _places_by_order_of_arrival),
    Mutant("drop what cannot be fetched", collect_result, "conclude", _drops_what_is_not_stored),
    Mutant("charge what was asked", reports, "_charged", _charges_what_was_asked),
    Mutant("lose a race silently", lifecycle, "revise", _loses_the_race_silently),
    Mutant("never give up", reports, "without_news", _never_gives_up),
    Mutant("forget at the timeout", Submission, "abandoned", _timeout_forgets_the_task),
    Mutant("throw late results away", JobFacts, "followed", _over_is_over),
    Mutant("follow the latest attempt only", JobFacts, "followed", _only_the_latest_attempt),
    Mutant("late news reopens a job", Job, "settled", _late_news_reopens),
    Mutant("nothing due after the end", Job, "_due", _nothing_is_due_after_the_end),
    Mutant("forget live rows", _Store, "get", _rows_are_forgotten_soon),
    Mutant("read from a stale index", _Store, "get", _reads_are_stale),
    Mutant("watch skips the unsent", _Store, "due", _watch_skips_the_unsent),
    Mutant("watch trusts callbacks", _Store, "due", _watch_trusts_callbacks),
    Mutant("a lease without an end", table.MemoryLeases, "acquire", _lease_is_for_ever),
    Mutant("forget before publishing", PublishEvents, "__call__", _forgets_before_publishing),
    Mutant("no second look at events", PublishEvents, "overdue", _no_second_look_at_events),
    Mutant("bytes made when sent", PublishEvents, "__call__", _bytes_are_made_when_sent),
    Mutant("silent transitions", _Store, "_write", _silent_transitions),
    *(Mutant(*facts) for facts in BROKEN_DELIVERIES),
)
