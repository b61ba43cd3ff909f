"""Callers, a moody provider, queues, the watch and time, in any order: the rules of the game."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
)

from shared.adapters.memory.messages import MemoryQueue
from shared.adapters.memory.provider import MemoryProvider, MemoryTask
from shared.domain.errors import (
    ErrorCode,
    FateUnknown,
    Fault,
    JobNotFound,
    NotSent,
    ProviderUnreadable,
    Refused,
)
from shared.domain.ids import JobId, TaskId
from shared.domain.reports import TaskState
from shared.ports import Order, TaskHint
from tests.fuzz.calling import Api, Tally
from tests.fuzz.promises import RETRIABLE, Document, Expected
from tests.http_events import Answer
from tests.memory_service import MemoryService

_DAY: Final = timedelta(days=1)
_TOKEN_LIFE: Final = timedelta(days=3)
_FAULT: Final = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="out of order")
_NO_JOB: Final = "job_01ARZ3NDEKTSV4RRFFQ69G5FAV"
_TENANTS: Final = ("ours", "theirs")

bodies = st.fixed_dictionaries(
    {"model": st.sampled_from(["seedream-4.5", "seedream-4.5", "seedream-4", "seedream-5-lite"])}
    | {"prompt": st.sampled_from(["a fox", "naïve 🦊 \0 \u202e"]), "n": st.integers(1, 10)},
    optional={
        "on_unknown": st.sampled_from(["fail", "retry"]),
        "start_by": st.sampled_from([0.001, 30, 600]),
        "finish_by": st.sampled_from([1, 90, 3600, 86400]),
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


class _Named(NamedTuple):
    """A request that came under an idempotency key."""

    body: Document
    answer: Answer
    at: datetime


class _Sent(NamedTuple):
    """An order as the provider got it."""

    order: Order
    at: datetime


class PublicApi(RuleBasedStateMachine):
    """Two tenants, the first with two keys, and what each may expect."""

    jobs: Bundle[Expected] = Bundle("jobs")
    tally: ClassVar[Tally] = Tally()

    def __init__(self) -> None:
        super().__init__()
        self.service = MemoryService()
        self.api = Api(self.service, self.tally)
        self.keys = [self._a_key(tenant) for tenant in ("ours", "ours", "theirs")]
        self.expected: list[Expected] = []
        self.named: dict[tuple[int, str], _Named] = {}
        self.sent: list[_Sent] = []
        self.called_off = ""
        self.has_lost_files = False
        self.on_next_order: Callable[[Order], None] | None = None
        for provider in self._providers:
            provider.on_submit = self._take_order
        self.prices = self._prices()

    # What callers do.

    @rule(target=jobs, caller=callers, body=bodies)
    def submit(self, caller: int, body: Document) -> Expected:
        return self._admitted(caller, body, self._post(caller, body))

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
        job = self._admitted(caller, body, answer)
        self.named[caller, name] = _Named(body, answer, self.now)
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
        self._live_through(21_600, 64_801, 90_001)  # links are tried for most of a day
        self._check_all_are_over()
        assert not self.service.to_collect.messages

    def _live_through(self, *waits: int) -> None:
        for wait in waits:
            self._finish_all()
            self.an_ordinary_while_passes(wait)

    def _check_all_are_over(self) -> None:
        self.every_list_is_whole_and_every_job_keeps_its_promises()
        left = [job.id for job in self.expected if not job.is_over and not job.is_deleted]
        assert left == [], "these go on for ever"

    # How it is done.

    @property
    def now(self) -> datetime:
        return self.service.clock.now()

    @property
    def _providers(self) -> tuple[MemoryProvider, MemoryProvider]:
        return self.service.apixo, self.service.oxen

    def _a_key(self, tenant: str) -> str:
        return self.service.issue_key(tenant=tenant, name="fuzz").text

    def _prices(self) -> dict[tuple[str, str], Decimal | None]:
        models = self.api("GET", "/v1/models", key=self.keys[0]).json["data"]
        return {
            (model["id"], name): Decimal(offer["price"]["usd_per_image"])
            if offer["price"]
            else None
            for model in models
            for name, offer in model["providers"].items()
        }

    def _post(self, caller: int, body: Document | str, name: str | None = None) -> Answer:
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"idempotency-key": name} if name else {}
        return self.api("POST", "/v1/jobs", key=self.keys[caller], body=text, headers=headers)

    def _admitted(self, caller: int, body: Document, answer: Answer) -> Expected:
        assert answer.status == 202
        shown = answer.json
        assert answer.headers["location"] == shown["urls"]["self"]
        assert {name: shown["input"][name] for name in ("prompt", "n")}.items() <= body.items()
        start = body.get("start_by")
        job = Expected(
            tenant=_TENANTS[caller // 2],
            shown=shown,
            opened_at=self.now,
            finish_within=timedelta(seconds=body.get("finish_by", 86_400)),
            start_within=timedelta(seconds=start) if start else None,
            on_unknown=body.get("on_unknown", "fail"),
            price=self.prices[shown["model"], shown["provider"]],
        )
        job.admit()
        self.expected.append(job)
        self._settle_called_off()
        return job

    @staticmethod
    def _check_replay(answer: Answer, known: _Named) -> None:
        assert (answer.status, answer.body) == (202, known.answer.body)
        assert answer.headers["idempotent-replayed"] == "true"
        assert answer.headers["location"] == known.answer.headers["location"]

    def _of(self, job: Expected, method: str, rest: str = "", **parts: Any) -> Answer:
        key = self.keys[0 if job.tenant == "ours" else 2]
        return self.api(method, f"/v1/jobs/{job.id}{rest}", key=key, **parts)

    @staticmethod
    def _is_there(job: Expected, answer: Answer, *, status: int = 200) -> bool:
        if job.is_deleted:
            assert (answer.status, answer.json["code"]) == (404, "job_not_found")
        else:
            assert answer.status == status
        return not job.is_deleted

    def _listed(self, caller: int, *, limit: int) -> list[Document]:
        """Read all pages, and check that they hold what they must in the right order."""
        listed: list[Document] = []
        query = {"limit": str(limit)}
        while True:
            page = self.api("GET", "/v1/jobs", key=self.keys[caller], query=query).json
            assert len(page["data"]) <= limit
            listed += page["data"]
            if "cursor" not in page:
                break
            query = {"limit": str(limit), "cursor": page["cursor"]}
        ids = [job["id"] for job in listed]
        tenant = _TENANTS[caller // 2]
        there = [job for job in self.expected if job.tenant == tenant and not job.is_deleted]
        assert sorted(ids) == sorted(job.id for job in there)
        dates = [job["created_at"] for job in listed]
        assert dates == sorted(dates, reverse=True)
        return listed

    def _tasks(self, state: TaskState) -> list[tuple[MemoryProvider, TaskId, MemoryTask]]:
        return [
            (provider, task_id, task)
            for provider in self._providers
            for task_id, task in provider.tasks.items()
            if task.state is state
        ]

    def _task(self, which: int, state: TaskState) -> tuple[MemoryProvider, TaskId, MemoryTask]:
        tasks = self._tasks(state)
        return tasks[which % len(tasks)]

    def _tasks_of(self, job: Expected) -> list[MemoryTask]:
        tasks = [task for provider in self._providers for task in provider.tasks.values()]
        return [task for task in tasks if task.order.job_id == job.id]

    def _made(self, job: Expected) -> int:
        return sum(len(task.result_urls) for task in self._tasks_of(job))

    def _heal(self) -> None:
        self.on_next_order = None
        for provider in self._providers:
            provider.errors, provider.loses_answers, provider.is_silent = [], False, False

    def _finish_all(self) -> None:
        for provider in self._providers:
            provider.finish_all()

    def _take_order(self, order: Order) -> None:
        if order.callback_url:
            self.sent.append(_Sent(order, self.now))
        deed, self.on_next_order = self.on_next_order, None
        if deed:
            deed(order)

    def _call_back(self, sent: _Sent, task_id: TaskId) -> None:
        names = ("provider", "job_id", "attempt", "token")
        parts = (sent.order.callback_url or "").split("/")[-4:]
        body = json.dumps({"code": 200, "data": {"taskId": task_id, "state": "success"}})
        answer = self.api.call_back(dict(zip(names, parts, strict=True)), body)
        left = sent.at + _TOKEN_LIFE - self.now
        if abs(left) > timedelta(seconds=1):  # a token's life is counted in whole seconds
            assert answer.status == (200 if left > timedelta(0) else 404)

    def _overtake(self, order: Order) -> None:
        """The callback is here, and worked on, before the answer to the order is."""
        takes_it = not self.service.apixo.errors
        if order.callback_url and takes_it:
            task_id = TaskId(f"{order.offer.provider}-{len(self.service.apixo.tasks)}")
            self._call_back(self.sent[-1], task_id)
            self._deliver(self.service.to_collect, self._collect, 1)

    def _cancel_now(self, order: Order) -> None:
        """The caller calls the job off while its order is on the way."""
        job = self.service.jobs.get(order.job_id)
        key = self.keys[0 if job.tenant == "ours" else 2]
        assert self.api("POST", f"/v1/jobs/{job.id}/cancel", key=key).status == 200
        self.called_off = job.id
        self._settle_called_off()

    def _settle_called_off(self) -> None:
        """A job can be called off before the caller has the answer to its request."""
        for job in self.expected:
            job.is_called_off |= job.id == self.called_off

    def _deliver(
        self, queue: MemoryQueue, work: Callable[[JobId, TaskHint | None], None], times: int
    ) -> None:
        for _ in range(len(queue.messages)):
            job_id, hint = queue.messages.popleft()
            try:
                for _ in range(times):
                    work(job_id, hint)
            except ProviderUnreadable:
                queue.messages.append((job_id, hint))
            except JobNotFound:
                assert any(job.id == job_id and job.is_deleted for job in self.expected)

    def _dispatch(self, job_id: JobId, _: TaskHint | None) -> None:
        self.service.dispatch_attempt(job_id)

    def _collect(self, job_id: JobId, hint: TaskHint | None) -> None:
        self.service.collect_result(job_id, hint=hint)
