"""Callers, a moody provider, queues, the watch and time, in any order: the rules of the game."""

import json
from datetime import timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    invariant,
    multiple,
    precondition,
    rule,
)

from shared.domain.errors import (
    ErrorCode,
    FateUnknown,
    Fault,
    NotSent,
    Refused,
)
from shared.domain.ids import TaskId
from shared.domain.reports import TaskState
from tests.fuzz.promises import RETRIABLE, Document, Expected
from tests.fuzz.stage import Named, Stage

_DAY: Final = timedelta(days=1)
_FAULT: Final = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="out of order")
_NO_JOB: Final = "job_01ARZ3NDEKTSV4RRFFQ69G5FAV"

# The model knows one provider for each job. The way to a second one is played by the simulation,
# with a ledger for each.
bodies = st.fixed_dictionaries(
    {"model": st.sampled_from(["seedream-4.5", "seedream-4.5", "seedream-4", "seedream-5-lite"])}
    | {"prompt": st.sampled_from(["a fox", "naïve 🦊 \0 \u202e"]), "n": st.integers(1, 10)}
    | {"failover": st.just("off")},
    optional={
        "on_unknown": st.sampled_from(["fail", "retry"]),
        "start_by": st.sampled_from([0.001, 30, 600]),
        "finish_by": st.sampled_from(
            [1, 90, 3600, 86_400, "2026-11-20T13:00:00Z", "2026-11-22T12:00:00+02:00"]
        ),
        "metadata": st.just({"order": "7", "ключ": "✓"}),
        "tags": st.just(["a", "b/c"]),
    },
)
indexes = st.integers(0, 999)
callers = st.integers(0, 2)
seconds = st.sampled_from([0.01, 1, 20, 31, 61, 130, 900, 1801, 7200, 43_200, 90_000, 260_000])
faults = st.sampled_from(
    [
        NotSent(_FAULT),
        NotSent(_FAULT, retry_after_seconds=90),
        Refused(Fault(code=ErrorCode.CONTENT_POLICY, message="refused")),
        FateUnknown(Fault(code=ErrorCode.AMBIGUOUS_SUBMIT, message="cut off")),
    ]
)


class PublicApi(Stage):
    """What callers, providers and time may do, and what holds after each step."""

    jobs: Bundle[Expected] = Bundle("jobs")

    # What callers do.

    @rule(target=jobs, caller=callers, body=bodies)
    def submit(self, caller: int, body: Document) -> Expected | MultipleResults[Expected]:
        answer = self._post(caller, body)
        if self._is_too_late(body):
            assert (answer.status, answer.json["code"]) == (422, "invalid_request")
            return multiple()
        return self._admitted(caller, body, answer)

    @rule(target=jobs, caller=callers, name=st.sampled_from("ab"), body=bodies)
    def submit_under_a_key(
        self, caller: int, name: str, body: Document
    ) -> Expected | MultipleResults[Expected]:
        answer = self._post(caller, body, name)
        known = self.named.get((caller, name))
        if known and self.now < known.at + _DAY:
            if body != known.body:
                assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
            else:
                self._check_replay(answer, known)
            return multiple()
        assert "idempotent-replayed" not in answer.headers
        if self._is_too_late(body):
            assert (answer.status, answer.json["code"]) == (422, "invalid_request")
            return multiple()
        job = self._admitted(caller, body, answer)
        self.named[caller, name] = Named(body, answer, self.now)
        return job

    @precondition(lambda self: self.named)
    @rule(which=indexes)
    def submit_the_same_again(self, which: int) -> None:
        caller, name = list(self.named)[which % len(self.named)]
        known = self.named[caller, name]
        if self.now < known.at + _DAY:
            spaced = json.dumps(dict(reversed(known.body.items())), indent=2)
            self._check_replay(self._post(caller, spaced, name), known)

    @rule(job=jobs, wait=st.sampled_from([0, 0, 1, 25]))
    def get(self, job: Expected, wait: int) -> None:
        started = self.now
        answer = self._of(job, "GET", query={"wait": str(wait)})
        assert (self.now - started).total_seconds() <= wait
        if self._is_there(job, answer):
            assert answer.json == job.shown

    @rule(job=jobs)
    def cancel(self, job: Expected) -> None:
        was_over, before = job.is_over, job.shown
        job.is_called_off |= not was_over and not job.is_deleted
        answer = self._of(job, "POST", "/cancel")
        if self._is_there(job, answer):
            assert answer.json == before if was_over else answer.json["status"] == "cancelled"

    @rule(job=jobs)
    def retry(self, job: Expected) -> None:
        may = job.status in RETRIABLE
        answer = self._of(job, "POST", "/retry")
        if not self._is_there(job, answer, status=202 if may else 409):
            return
        if may:
            job.retries, job.opened_at = job.retries + 1, self.now
            has_all = job.shown["delivered_images"] >= job.shown["requested_images"]
            assert answer.json["status"] == ("succeeded" if has_all else "queued")
        else:
            assert answer.json["code"] == "invalid_state"

    @rule(job=jobs)
    def delete(self, job: Expected) -> None:
        answer = self._of(job, "DELETE")
        if self._is_there(job, answer, status=204 if job.is_over else 409):
            job.is_deleted = job.is_over

    @rule(job=jobs, index=st.integers(0, 11))
    def get_image(self, job: Expected, index: int) -> None:
        answer = self._of(job, "GET", f"/images/{index}")
        if job.is_deleted:
            assert answer.json["code"] == "job_not_found"
            return
        image = next((i for i in job.shown["images"] if i["index"] == index), None)
        assert answer.status == (302 if image else 404)
        assert image is None or answer.headers["location"] == image["url"]

    @rule(caller=callers, limit=st.sampled_from([1, 2, 3, 100]))
    def list_in_pages(self, caller: int, limit: int) -> None:
        """New jobs do not come between; the pages together are the whole."""
        assert self._listed(caller, limit=limit) == self._listed(caller, limit=100)

    @rule(
        job=jobs,
        way=st.sampled_from(["GET ", "POST /cancel", "POST /retry", "DELETE ", "GET /images/0"]),
    )
    def reach_for_another_tenants_job(self, job: Expected, way: str) -> None:
        """It looks in every way like a job that never was."""
        method, _, rest = way.partition(" ")
        stranger = self.keys[0 if job.tenant == "theirs" else 2]
        answer = self.api(method, f"/v1/jobs/{job.id}{rest}", key=stranger)
        nothing = self.api(method, f"/v1/jobs/{_NO_JOB}{rest}", key=stranger)
        assert answer.status == nothing.status == 404
        assert answer.body.replace(job.id, _NO_JOB) == nothing.body

    # What the provider does.

    @precondition(lambda self: self._tasks(TaskState.PENDING))
    @rule(which=indexes, missing=st.sampled_from([0, 0, 0, 1, 2, 10]))
    def the_provider_finishes(self, which: int, missing: int) -> None:
        provider, task_id, task = self._task(which, TaskState.PENDING)
        provider.finish(task_id, images=max(0, task.images - missing))

    @precondition(lambda self: self._tasks(TaskState.PENDING))
    @rule(which=indexes, code=st.sampled_from([ErrorCode.CONTENT_POLICY, ErrorCode.INTERNAL]))
    def the_provider_fails(self, which: int, code: ErrorCode) -> None:
        provider, task_id, _ = self._task(which, TaskState.PENDING)
        provider.fail(task_id, Fault(code=code, message="could not paint it"))

    @rule(error=faults)
    def the_provider_will_not_take_the_next_order(self, error: NotSent) -> None:
        for provider in self._providers:
            provider.errors = [error]

    @rule(loses=st.booleans(), is_silent=st.booleans())
    def the_provider_loses_answers_or_is_down(self, *, loses: bool, is_silent: bool) -> None:
        for provider in self._providers:
            provider.loses_answers, provider.is_silent = loses, is_silent

    @precondition(lambda self: self.service.apixo.files)
    @rule(which=indexes, content=st.sampled_from([None, b"<html>", b"\x89PNG\r\n\x1a\n"]))
    def a_finished_image_is_lost(self, which: int, content: bytes | None) -> None:
        self.has_lost_files = True
        files = self.service.apixo.files
        url = list(files)[which % len(files)]
        if content is None:
            del files[url]
        else:
            files[url] = content

    @precondition(lambda self: self.sent)
    @rule(which=indexes, task=indexes, times=st.sampled_from([1, 1, 2]))
    def the_provider_calls_back(self, which: int, task: int, times: int) -> None:
        """About any order it ever got: also late, again, and of an attempt long given up."""
        sent = self.sent[which % len(self.sent)]
        mine = [i for i, t in self.service.apixo.tasks.items() if t.order == sent.order]
        for _ in range(times):
            self._call_back(sent, mine[task % len(mine)] if mine else TaskId("apixo-none"))

    @rule(deed=st.sampled_from(["cancel", "call back"]))
    def something_happens_during_the_next_order(self, deed: str) -> None:
        self.on_next_order = self._cancel_now if deed == "cancel" else self._overtake

    # What happens by itself.

    @rule(times=st.sampled_from([1, 1, 2]))
    def messages_arrive(self, times: int) -> None:
        """Each at least once; one whose work failed comes again."""
        self._deliver(self.service.to_dispatch, self._dispatch, times)
        self._deliver(self.service.to_collect, self._collect, times)

    @rule(seconds=st.sampled_from([1, 30, 120]))
    def the_watch_looks(self, seconds: int) -> None:
        self.service.watch_jobs(owner="watch", until=self.now + timedelta(seconds=seconds))

    @rule(seconds=seconds)
    def time_passes(self, seconds: float) -> None:
        self.service.time.sleep(seconds)

    @rule(seconds=st.sampled_from([1, 130, 1801]))
    def an_ordinary_while_passes(self, seconds: float) -> None:
        self.time_passes(seconds)
        self.the_watch_looks(60)
        self.messages_arrive(1)

    @rule()
    def all_goes_well_for_a_while(self) -> None:
        self._heal()
        self.an_ordinary_while_passes(130)
        self._finish_all()
        self.an_ordinary_while_passes(1)

    # What always holds.

    @invariant()
    def every_list_is_whole_and_every_job_keeps_its_promises(self) -> None:
        self.tally.steps += 1
        for caller in (0, 2):
            for shown in self._listed(caller, limit=100):
                job = next(job for job in self.expected if job.id == shown["id"])
                job.show(shown, now=self.now)
                job.check_ledger(made=self._made(job), all_served=not self.has_lost_files)

    @invariant()
    def no_task_is_in_two_jobs(self) -> None:
        tasks = [
            (job.shown["provider"], task_id)
            for job in self.expected
            for attempt in job.shown["attempts"]
            for task_id in attempt["task_ids"]
        ]
        assert len(tasks) == len(set(tasks))

    @invariant()
    def no_image_is_paid_for_twice_unless_asked(self) -> None:
        for job in self.expected:
            taken = sum(task.images for task in self._tasks_of(job))
            if job.on_unknown == "fail":
                assert taken <= job.shown["requested_images"] * (1 + job.retries)

    def teardown(self) -> None:
        """Whatever has happened: every job ends, once the provider is well again."""
        self._heal()
        self._live_through(60, 120, 901, 901, 1801, 1801)
        if not self.has_lost_files:
            self._check_all_are_over()
        self._live_through(21_600)  # what is old is looked at ever less often
        if not self.has_lost_files:
            self._check_all_is_kept()
        self._live_through(64_801, 90_001)  # links are tried for most of a day
        self._check_all_are_over()
        assert not self.service.to_collect.messages

    def _live_through(self, *waits: int) -> None:
        for wait in waits:
            self._finish_all()
            self.an_ordinary_while_passes(wait)

    def _check_all_is_kept(self) -> None:
        """What is not too old is in the job, even if the job had long been over."""
        self.every_list_is_whole_and_every_job_keeps_its_promises()
        for job in self.expected:
            if not job.is_deleted and self.now < self.ordered.get(job.id, self.now) + _DAY:
                known = {i for attempt in job.shown["attempts"] for i in attempt["task_ids"]}
                tasks = [t for _, i, t in self._tasks(TaskState.SUCCEEDED) if i in known]
                made = sum(len(task.result_urls) for task in tasks)
                assert job.shown["delivered_images"] == made, "paid for, and not kept"

    def _check_all_are_over(self) -> None:
        self.every_list_is_whole_and_every_job_keeps_its_promises()
        left = [job.id for job in self.expected if not job.is_over and not job.is_deleted]
        assert left == [], "these go on for ever"
