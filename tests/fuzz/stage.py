"""Where the stories play: two tenants, three providers, queues and time, and what is expected."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, NamedTuple

from hypothesis.stateful import Bundle, RuleBasedStateMachine

from shared.adapters.memory.messages import MemoryQueue
from shared.domain.errors import JobNotFound, ProviderUnreadable
from shared.domain.ids import JobId, TaskId
from shared.ports.messages import TaskHint
from shared.ports.providers import Order
from tests.fuzz.calling import Api, Tally
from tests.fuzz.journey import Journey
from tests.fuzz.promises import Document, Expected
from tests.fuzz.routes import Routes, Way, check_route, may_be_first
from tests.fuzz.suppliers import Suppliers
from tests.http_events import Answer
from tests.memory_service import MemoryService

_TOKEN_LIFE: Final = timedelta(days=3)
_TENANTS: Final = ("ours", "theirs")
_SANDBOXES: Final = ("apixo", "oxen")
_FORCED: Final = {"x-seedhook-force-failover": "1"}
jobs: Bundle[Expected] = Bundle("jobs")


class Named(NamedTuple):
    """A request that came under an idempotency key."""

    body: Document
    answer: Answer
    at: datetime


class Sent(NamedTuple):
    """An order as the provider got it."""

    order: Order
    at: datetime


class Stage(RuleBasedStateMachine):
    """Two tenants, the first with two keys, and what each may expect. The rules come on top."""

    tally: ClassVar[Tally] = Tally()

    def __init__(self) -> None:
        super().__init__()
        self.service = MemoryService()
        self._make_the_third_provider_real()
        self.theirs = Suppliers([self.service.apixo, self.service.oxen, self.service.aimlapi])
        self.api = Api(self.service, self.tally)
        self.keys = [self._a_key(tenant) for tenant in ("ours", "ours", "theirs")]
        self.expected: list[Expected] = []
        self.named: dict[tuple[int, str], Named] = {}
        self.sent: list[Sent] = []
        self.ordered: dict[str, datetime] = {}
        self.called_off = ""
        self.has_lost_files = False
        self.on_next_order: Callable[[Order], None] | None = None
        for provider in self.theirs.providers.values():
            provider.on_submit = self._take_order
        models = self.api("GET", "/v1/models", key=self.keys[0]).json["data"]
        self.routes = Routes(models, sandboxes=_SANDBOXES)

    @property
    def now(self) -> datetime:
        return self.service.clock.now()

    def _make_the_third_provider_real(self) -> None:
        """It tells what it charges, too."""
        offer = self.service.catalog.offer("seedream-4.5", "aimlapi")
        self.service.aimlapi.price_usd = offer.estimate(1)
        self.service.accesses = {
            name: replace(access, sandbox=name in _SANDBOXES)
            for name, access in self.service.accesses.items()
        }

    def _a_key(self, tenant: str) -> str:
        return self.service.issue_key(tenant=tenant, name="fuzz").text

    def _post(
        self, caller: int, body: Document | str, name: str | None = None, *, forced: bool = False
    ) -> Answer:
        text = body if isinstance(body, str) else json.dumps(body)
        headers = ({"idempotency-key": name} if name else {}) | (_FORCED if forced else {})
        return self.api("POST", "/v1/jobs", key=self.keys[caller], body=text, headers=headers)

    def _rehearse(self, caller: int, body: Document, *, forced: bool) -> tuple[Way, ...]:
        """Ask where such a job would go; nowhere, if it is not to be admitted."""
        ways = self.routes.open_to(body)
        answer = self._post(caller, body | {"dry_run": True}, forced=forced)
        if answer.status == 200:
            told = answer.json["route"]
            check_route(body, told, ways, self._out_of_order(body))
            places = {way.provider: way for way in ways}
            route = tuple(places[leg["provider"]] for leg in told)
            assert not self._is_too_late(body)
            assert not forced or route[0].sandbox
            return route
        assert is_refused(answer)
        first = may_be_first(body, ways, self._out_of_order(body))
        is_real = any(not way.sandbox for way in first)
        assert self._is_too_late(body) or not ways or (forced and is_real)
        return ()

    def _out_of_order(self, body: Document) -> set[str]:
        names = self.theirs.providers
        return {name for name in names if self.theirs.was_out(name, body["model"])}

    def _finish_within(self, body: Document) -> timedelta:
        deadline = body.get("finish_by", 86_400)
        if isinstance(deadline, str):
            return datetime.fromisoformat(deadline) - self.now
        return timedelta(seconds=deadline)

    def _is_too_late(self, body: Document) -> bool:
        return self._finish_within(body) <= timedelta(0)

    def _admitted(
        self, caller: int, body: Document, answer: Answer, route: tuple[Way, ...], *, forced: bool
    ) -> Expected:
        assert answer.status == 202
        shown = answer.json
        assert answer.headers["location"] == shown["urls"]["self"]
        assert {name: shown["input"][name] for name in ("prompt", "n")}.items() <= body.items()
        start = body.get("start_by")
        job = Expected(
            tenant=_TENANTS[caller // 2],
            shown=shown,
            journey=Journey(
                route=route,
                theirs=self.theirs,
                on_unknown=body.get("on_unknown", "fail"),
                is_forced=forced,
            ),
            opened_at=self.now,
            finish_within=self._finish_within(body),
            start_within=timedelta(seconds=start) if start else None,
            payers=[(1, self._key_id(self.keys[caller]))],
        )
        job.admit()
        self.expected.append(job)
        self._settle_called_off()
        return job

    def _check_replay(self, answer: Answer, known: Named) -> None:
        made = known.answer.json["id"]
        if any(job.id == made and job.is_deleted for job in self.expected):
            assert (answer.status, answer.json["code"]) == (410, "deleted")
            return
        assert (answer.status, answer.body) == (202, known.answer.body)
        assert answer.headers["idempotent-replayed"] == "true"
        assert answer.headers["location"] == known.answer.headers["location"]

    @staticmethod
    def _key_id(key: str) -> str:
        return key.split("_")[1]

    def _of(
        self, job: Expected, method: str, rest: str = "", *, key: str = "", **parts: Any
    ) -> Answer:
        key = key or self.keys[0 if job.tenant == "ours" else 2]
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

    def _take_order(self, order: Order) -> None:
        self.theirs.take(order, self.now)
        self.ordered.setdefault(order.job_id, self.now)
        if order.callback_url:
            self.sent.append(Sent(order, self.now))
        deed, self.on_next_order = self.on_next_order, None
        if deed:
            deed(order)

    def _call_back(self, sent: Sent, task_id: TaskId) -> None:
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


def is_refused(answer: Answer) -> bool:
    return (answer.status, answer.json["code"]) == (422, "invalid_request")
