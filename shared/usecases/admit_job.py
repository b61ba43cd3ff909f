"""Admit a job: check it against what the provider can do, price it, write it down."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from shared.domain.api_key import ApiKey
from shared.domain.errors import AlreadyAdmitted, FieldError, Forbidden, InvalidRequest, KeyReused
from shared.domain.hold import Hold
from shared.domain.ids import JobId, ulid
from shared.domain.image_probe import ImageProbe, NotAnImage, Truncated
from shared.domain.job import Job
from shared.domain.job_facts import TimelineEntry
from shared.domain.money import micros
from shared.domain.offers import Catalog, Model
from shared.domain.status import DISPATCH_PATIENCE, FINISH_PATIENCE
from shared.domain.wanted import JobInput
from shared.ports import (
    Accesses,
    Admission,
    Clock,
    Idempotency,
    JobStore,
    RandomBytes,
    Uploads,
)
from shared.usecases.routing import Health, Route, choose

_FORCE_HEADER: Final = "X-Seedhook-Force-Failover"
_DATA_URI: Final = re.compile(r"data:image/[a-z+.-]+;base64,(.*)", re.DOTALL)
_KEY_LIFE: Final = timedelta(hours=24)
_LONGEST_URL: Final = 2048
_UPLOAD: Final = re.compile(r"upload:[0-9a-f]{64}")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The answer to a request; `job` is None when it is the answer of an earlier one."""

    answer: str
    job: Job | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitJob:
    """Raises InvalidRequest, naming every field at fault, before anything is stored or paid."""

    jobs: JobStore
    uploads: Uploads
    catalog: Catalog
    accesses: Accesses
    is_healthy: Health
    clock: Clock
    random_bytes: RandomBytes

    def __call__(
        self,
        wish: Wish,
        *,
        key: ApiKey,
        render: Callable[[Job], str],
        idempotency: Idempotency | None = None,
    ) -> Admitted:
        """Raises KeyReused when the idempotency key came with another request before.

        Raises Forbidden, Unpriced, or what JobStore.add does, when the API key's terms keep it out.
        """
        route = self._route(wish, key)
        # All are checked before the first is stored.
        references = [_decode(reference, at) for at, reference in enumerate(wish.wanted.images)]
        # A request that makes no job stores nothing: where there is data that is worth a look.
        brings_data = any(isinstance(one, _Content) for one in references)
        if brings_data and (earlier := self.earlier(idempotency)):
            return earlier
        wanted = replace(wish.wanted, images=tuple(map(self._stored, references)))
        job = self._job(wish, wanted, route, key)
        answer = render(job)
        try:
            admission = _admission(job, answer, idempotency)
            self.jobs.add(job, admission=admission, limits=key.terms.limits)
        except AlreadyAdmitted as known:
            return _replayed(known, idempotency)
        return Admitted(answer=answer, job=job)

    def earlier(self, idempotency: Idempotency | None) -> Admitted | None:
        """Return the answer that a repeated request got before.

        Also one that would be refused by now, because its deadline has passed or prices changed.
        """
        known = idempotency and self.jobs.admitted(idempotency, now=self.clock.now())
        return _replayed(known, idempotency) if known else None

    def _model(self, name: str) -> Model:
        model = self.catalog.find(name)
        if model is None:
            known = ", ".join(model.id for model in self.catalog.models)
            message = f"no such model; known are {known}"
            raise InvalidRequest([FieldError(pointer="/model", code="unknown", message=message)])
        return model

    def _route(self, wish: Wish, key: ApiKey) -> Route:
        model = self._model(wish.model)
        if not key.terms.allow(model.id):
            raise Forbidden(f"this key is for {', '.join(key.terms.models)}, not for {model.id}")
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

    def _stored(self, reference: "str | _Content") -> str:
        if isinstance(reference, str):
            return reference
        upload_id = self.uploads.put(reference.bytes, content_type=reference.content_type)
        return f"upload:{upload_id}"

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
            hold=Hold.under(key.terms.limits, estimate=estimate, at=now),
            metadata=wish.metadata,
            tags=wish.tags,
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


def _admission(job: Job, answer: str, idempotency: Idempotency | None) -> Admission | None:
    if idempotency is None:
        return None
    expires_at = job.created_at + _KEY_LIFE
    return Admission(idempotency=idempotency, answer=answer, expires_at=expires_at)


def _replayed(known: AlreadyAdmitted, idempotency: Idempotency | None) -> Admitted:
    if idempotency and known.fingerprint != idempotency.fingerprint:
        message = "this Idempotency-Key came with another request in the last 24 hours"
        raise KeyReused(message)
    return Admitted(answer=known.answer, job=None)


def _patiences(wish: Wish) -> Iterator[timedelta]:
    yield DISPATCH_PATIENCE
    yield wish.finish_within
    if wish.start_within is not None:
        yield wish.start_within


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    bytes: bytes
    content_type: str


def _decode(reference: str, index: int) -> str | _Content:
    """Return the bytes of a data URI, and any other reference as it is."""
    if reference.startswith("https://"):
        if len(reference) > _LONGEST_URL:
            raise _refused(index, f"has {len(reference)} characters; at most {_LONGEST_URL}")
        return reference
    if _UPLOAD.fullmatch(reference):
        return reference
    match = _DATA_URI.fullmatch(reference)
    if not match:
        raise _refused(index, "must be an https: URL, a data:image/...;base64 URI or upload:<id>")
    try:
        content = base64.b64decode(match[1], validate=True)
        probe = ImageProbe()
        probe.feed(content)
        facts = probe.finish()
    except (binascii.Error, ValueError) as exc:
        raise _refused(index, "is not valid base64") from exc
    except (NotAnImage, Truncated) as exc:
        raise _refused(index, "is not a whole PNG, JPEG, WebP or GIF image") from exc
    return _Content(bytes=content, content_type=facts.content_type)


def _refused(index: int, message: str) -> InvalidRequest:
    error = FieldError(pointer=f"/images/{index}", code="invalid_reference", message=message)
    return InvalidRequest([error])
