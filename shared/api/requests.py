"""What the body of each request about jobs may hold, and what is wished by it."""

import json
import re
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.api.reading import ONE, SEVERAL
from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.ids import KeyId
from shared.domain.retention import KEPT, Retention
from shared.domain.status import FINISH_PATIENCE
from shared.domain.wanted import JobInput
from shared.domain.webhook import JobEvent
from shared.ports.jobs import Idempotency
from shared.usecases.admit_job import Wish

_MAX_METADATA_BYTES: Final = 4096
_LONGEST_DEADLINE: Final = timedelta(days=7)
_VISIBLE: Final = re.compile(r"[!-~]{1,255}")

Provider = Literal["auto", "apixo", "oxen", "aimlapi"]
Deadline = Annotated[
    Annotated[float, Tag(ONE)] | Annotated[str, Field(max_length=40), Tag(SEVERAL)],
    Discriminator(lambda value: SEVERAL if isinstance(value, str) else ONE),
]
Label = Annotated[str, Field(min_length=1, max_length=128)]
MetadataKey = Annotated[str, Field(min_length=1, max_length=40)]
WebhookUrl = Annotated[str, Field(min_length=1, max_length=2048)]
MetadataValue = Annotated[str, Field(max_length=512)]


def _or_false(value: object) -> object:
    return False if value is None else value


class StrictRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class RetentionRequest(StrictRequest):
    media_days: Literal[1, 7, 30, 90, 365] | None = None
    record_days: Annotated[int, Field(ge=1, le=3650)] | None = None

    def retention(self) -> Retention:
        return Retention(media_days=self.media_days, record_days=self.record_days)


class JobRequest(StrictRequest):
    model: Annotated[str, Field(min_length=1, max_length=100)]
    prompt: Annotated[str, Field(min_length=1, max_length=5000)]
    images: Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=14)] = []
    n: Annotated[int, Field(ge=1, le=10)] = 1
    resolution: str | None = None
    aspect_ratio: str | None = None
    size: str | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    output_format: str | None = None
    watermark: bool | None = None
    sequential: Literal["disabled", "auto"] | None = None
    prompt_optimize: Literal["standard"] | None = None
    provider: Annotated[
        Annotated[Provider, Tag(ONE)]
        | Annotated[list[Provider], Field(min_length=1, max_length=3), Tag(SEVERAL)],
        Discriminator(lambda value: SEVERAL if isinstance(value, list) else ONE),
    ] = "auto"
    delivery: Literal["auto", "callback", "poll", "stream", "sync"] = "auto"
    failover: Literal["on", "off"] = "on"
    on_unknown: Literal["fail", "retry"] = "fail"
    start_by: Deadline | None = None
    finish_by: Deadline | None = None
    metadata: Annotated[dict[MetadataKey, MetadataValue], Field(max_length=16)] = {}
    tags: Annotated[list[Label], Field(max_length=16)] = []
    webhook_url: WebhookUrl | None = None
    webhook_events: Annotated[list[JobEvent], Field(max_length=8)] = []
    retention: RetentionRequest | None = None
    dry_run: Annotated[bool, BeforeValidator(_or_false)] = False

    @model_validator(mode="after")
    def _size_stands_alone(self) -> "JobRequest":
        if self.size is not None and (self.resolution or self.aspect_ratio):
            raise PydanticCustomError(
                "excluded", "size excludes resolution and aspect_ratio", {"pointer": "/size"}
            )
        return self

    @model_validator(mode="after")
    def _events_have_an_address(self) -> "JobRequest":
        if self.webhook_events and self.webhook_url is None:
            message = "webhook_events takes a webhook_url"
            raise PydanticCustomError("missing", message, {"pointer": "/webhook_url"})
        return self

    @model_validator(mode="after")
    def _labels_are_small(self) -> "JobRequest":
        labels = json.dumps([self.metadata, self.tags], ensure_ascii=False)
        if len(labels.encode()) > _MAX_METADATA_BYTES:
            message = "metadata and tags together may be at most 4096 bytes"
            raise PydanticCustomError("too_long", message, {"pointer": "/metadata"})
        return self

    def wish(self, now: datetime, *, force_failover: bool = False) -> Wish:
        """Raises InvalidRequest for deadlines that have passed or lie too far ahead."""
        names = [self.provider] if isinstance(self.provider, str) else self.provider
        return Wish(
            model=self.model,
            wanted=JobInput(
                prompt=self.prompt,
                images=tuple(self.images),
                n=self.n,
                resolution=self.resolution,
                aspect_ratio=self.aspect_ratio,
                size=self.size,
                seed=self.seed,
                output_format=self.output_format,
                watermark=self.watermark,
                sequential=self.sequential,
                prompt_optimize=self.prompt_optimize,
            ),
            providers=tuple(name for name in names if name != "auto"),
            delivery=self.delivery,
            failover=self.failover == "on",
            force_failover=force_failover,
            on_unknown=self.on_unknown,
            start_within=_within(self.start_by, now, "/start_by"),
            finish_within=_within(self.finish_by, now, "/finish_by") or FINISH_PATIENCE,
            metadata=self.metadata,
            tags=tuple(self.tags),
            webhook_url=self.webhook_url,
            webhook_events=tuple(self.webhook_events),
            retention=self.retention.retention() if self.retention else KEPT,
        )


class ReplayRequest(StrictRequest):
    job: Annotated[str, Field(pattern=r"^job_[0-9A-HJKMNP-TV-Z]{26}$")] | None = None
    cursor: Annotated[str, Field(max_length=1024)] | None = None


def idempotency_of(header: str | None, *, key_id: KeyId, request: BaseModel) -> Idempotency | None:
    """Return what an Idempotency-Key header stands for: digests, scoped to the API key."""
    if header is None:
        return None
    # Sorted: the order of metadata is no part of what is asked.
    text = json.dumps(request.model_dump(mode="json"), sort_keys=True)
    return idempotency_by(header, key_id=key_id, digest=sha256(text.encode()).hexdigest())


def idempotency_by(header: str, *, key_id: KeyId, digest: str) -> Idempotency:
    """Return what an Idempotency-Key stands for beside a digest of the content."""
    if not _VISIBLE.fullmatch(header):
        message = "must be 1 to 255 visible ASCII characters"
        error = FieldError(pointer="#Idempotency-Key", code="invalid", message=message)
        raise InvalidRequest([error])
    key = sha256(f"{key_id}:{header}".encode()).hexdigest()
    return Idempotency(key=key, fingerprint=digest)


def _within(deadline: float | str | None, now: datetime, pointer: str) -> timedelta | None:
    """Read seconds from now, or a moment in RFC 3339."""
    if deadline is None:
        return None
    try:
        if isinstance(deadline, str):
            left = datetime.fromisoformat(deadline) - now
        else:
            left = timedelta(seconds=deadline)
    except (ValueError, TypeError, OverflowError):
        left = timedelta(0)
    if timedelta(0) < left <= _LONGEST_DEADLINE:
        return left
    message = "must be seconds from now or a moment in RFC 3339 with its zone, within 7 days"
    raise InvalidRequest([FieldError(pointer=pointer, code="out_of_range", message=message)])
