"""Admit a job: check it against what the provider can do, price it, write it down."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from shared.domain.api_key import ApiKey
from shared.domain.errors import (
    AlreadyAdmitted,
    FieldError,
    InvalidRequest,
)
from shared.domain.hold import Hold
from shared.domain.ids import BatchId, JobId, ulid
from shared.domain.job import Job
from shared.domain.job_facts import TimelineEntry
from shared.domain.money import micros
from shared.domain.offers import Catalog, Model
from shared.domain.retention import KEPT, Retention
from shared.domain.status import DISPATCH_PATIENCE, FINISH_PATIENCE
from shared.domain.waiting_post import WaitingPost
from shared.domain.wanted import JobInput
from shared.ports.addresses import MayReach
from shared.ports.jobs import Idempotency, JobStore
from shared.ports.providers import Accesses
from shared.ports.runtime import Clock, RandomBytes, TraceId
from shared.usecases.admission import admission_of, answer_to
from shared.usecases.admit_references import AdmitReferences, Content
from shared.usecases.check_url import check_url
from shared.usecases.routing import Health, Route, choose
from shared.usecases.sending import Claimed

_FORCE_HEADER: Final = "X-Seedhook-Force-Failover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A well-formed request for a job."""

    model: str
    wanted: JobInput
    providers: tuple[str, ...] = ()
    delivery: str = "auto"
    failover: bool = True
    force_failover: bool = False
    on_unknown: str = "fail"
    start_within: timedelta | None = None
    finish_within: timedelta = FINISH_PATIENCE
    metadata: Mapping[str, str]
    tags: tuple[str, ...] = ()
    webhook_url: str | None = None
    webhook_events: tuple[str, ...] = ()
    retention: Retention = KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The answer to a request; `job` is None when it is the answer of an earlier one.

    What is `claimed` was written down with the job: whoever reads this has to send it, or put it
    back.
    """

    answer: str
    job: Job | None
    claimed: Claimed | None = None
    post: WaitingPost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a request comes to once it has been checked."""

    route: Route
    references: tuple[str | Content, ...]

    @property
    def brings_data(self) -> bool:
        return any(isinstance(one, Content) for one in self.references)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitJob:
    """Raises InvalidRequest, naming every field at fault, before anything is stored or paid."""

    jobs: JobStore
    admit_references: AdmitReferences
    catalog: Catalog
    accesses: Accesses
    is_healthy: Health
    may_reach: MayReach
    clock: Clock
    random_bytes: RandomBytes
    trace_id: TraceId

    def __call__(  # noqa: PLR0913  all that a job begins with
        self,
        wish: Wish,
        *,
        key: ApiKey,
        render: Callable[[Job], str],
        idempotency: Idempotency | None = None,
        job_id: JobId | None = None,
        source: str | None = None,
        batch: BatchId | None = None,
        claim: Callable[[Job], Claimed | None] | None = None,
        hold: Callable[[JobId], WaitingPost] | None = None,
    ) -> Admitted:
        """Raises KeyReused when the idempotency key came with another request before.

        Raises ModelNotAllowed, Unpriced, or what JobStore.add does, when the key's terms forbid it.
        A `job_id` given is the only one that this may become: VersionConflict if there is one.
        `claim` is asked what goes out at once, so that one write does for both. `hold` is asked
        for the post that waits for the job.
        """
        checked = self.check(wish, key=key)
        # A request that makes no job stores nothing: where there is data that is worth a look.
        if checked.brings_data and (earlier := self.earlier(idempotency)):
            return earlier
        wanted = replace(wish.wanted, images=self._stored(checked.references, key))
        job = replace(
            self._job(wish, wanted, checked.route, key),
            source=source,
            batch=batch,
            admission_key=idempotency.key if idempotency else None,
        )
        job = replace(job, id=job_id) if job_id else job
        answer, claimed = render(job), claim(job) if claim else None
        admission = admission_of(answer, idempotency, at=job.created_at)
        written = claimed.job if claimed else None
        post = hold(job.id) if hold else None
        limits = key.terms.limits
        try:
            self.jobs.add(job, claimed=written, admission=admission, waiting=post, limits=limits)
        except AlreadyAdmitted as known:
            return Admitted(answer=answer_to(known, idempotency), job=None)
        return Admitted(answer=answer, job=job, claimed=claimed, post=post)

    def estimate(self, wish: Wish, *, key: ApiKey) -> Decimal | None:
        """Return what it would cost, None if nobody knows. Raises InvalidRequest."""
        return self._route(wish, key).legs[0].estimated_usd

    def check(self, wish: Wish, *, key: ApiKey) -> Checked:
        """Check all that a request names before anything is stored. Raises InvalidRequest."""
        if wish.webhook_url is not None:
            check_url(wish.webhook_url, pointer="/webhook_url", may_reach=self.may_reach)
        route = self._route(wish, key)
        references = self.admit_references(wish.wanted.images, tenant=key.tenant)
        return Checked(route=route, references=tuple(references))

    def rehearse(self, wish: Wish, *, key: ApiKey, idempotency: Idempotency | None = None) -> Job:
        """Return the job as it would be admitted now; nothing is stored.

        Raises all that an admission raises now.
        """
        checked = self.check(wish, key=key)
        job = self._job(wish, wish.wanted, checked.route, key)
        if self.earlier(idempotency) is None:
            self.jobs.check(job, limits=key.terms.limits)
        return job

    def earlier(self, idempotency: Idempotency | None) -> Admitted | None:
        """Return the answer that a repeated request got before.

        Also one that would be refused by now, because its deadline has passed or prices changed.
        """
        known = idempotency and self.jobs.admitted(idempotency, now=self.clock.now())
        return Admitted(answer=answer_to(known, idempotency), job=None) if known else None

    def _stored(self, references: Iterable[str | Content], key: ApiKey) -> tuple[str, ...]:
        store = self.admit_references.stored
        return tuple(store(reference, tenant=key.tenant) for reference in references)

    def _model(self, name: str) -> Model:
        model = self.catalog.find(name)
        if model is None:
            known = ", ".join(model.id for model in self.catalog.models)
            message = f"no such model; known are {known}"
            raise InvalidRequest([FieldError(pointer="/model", code="unknown", message=message)])
        return model

    def _route(self, wish: Wish, key: ApiKey) -> Route:
        model = self._model(wish.model)
        key.terms.check_model(model.id)
        route = choose(
            model,
            wish.wanted,
            providers=wish.providers,
            delivery=wish.delivery,
            accesses=self.accesses,
            is_healthy=self.is_healthy,
            priced_only=key.terms.limits.budget is not None,
        )
        if wish.force_failover and not route.legs[0].sandbox:
            message = (
                f"{route.legs[0].provider} is no sandbox: failover is forced on sandboxes only"
            )
            error = FieldError(pointer=_FORCE_HEADER, code="not_allowed", message=message)
            raise InvalidRequest([error])
        return route

    def _job(self, wish: Wish, wanted: JobInput, route: Route, key: ApiKey) -> Job:
        now, first = self.clock.now(), route.legs[0]
        estimate = micros(first.estimated_usd or Decimal(0))
        job = Job(
            id=JobId(f"job_{ulid(now, self.random_bytes(10))}"),
            tenant=key.tenant,
            key_id=key.id,
            model=self._model(wish.model).id,
            provider=first.provider,
            delivery=first.delivery,
            route=route.legs if wish.failover else route.legs[:1],
            decision=route.decision,
            force_failover=wish.force_failover,
            sandbox=first.sandbox,
            input=wanted,
            estimated_usd=first.estimated_usd,
            hold=Hold.under(key.terms.limits, estimate=estimate, at=now, key_id=key.id),
            trace=self.trace_id(),
            metadata=wish.metadata,
            tags=wish.tags,
            webhook_url=wish.webhook_url,
            webhook_events=wish.webhook_events,
            retention=wish.retention.or_as(key.terms.retention),
            on_unknown=wish.on_unknown,
            start_within=wish.start_within,
            finish_within=wish.finish_within,
            created_at=now,
            opened_at=now,
            updated_at=now,
            # Should the caller of this never get to send it, the watch will.
            due_at=min(now + patience for patience in _patiences(wish)),
        )
        entry = TimelineEntry(at=now, status=job.status, note=route.decision)
        return replace(job, timeline=(entry,))


def _patiences(wish: Wish) -> Iterator[timedelta]:
    yield DISPATCH_PATIENCE
    yield wish.finish_within
    if wish.start_within is not None:
        yield wish.start_within
