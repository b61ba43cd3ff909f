"""What the API tells of jobs, as values. What a newer server adds is kept in `raw`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from .errors import JobFailed

TERMINAL: Final = frozenset({"succeeded", "partial", "failed", "cancelled", "expired"})

type Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    code: str
    message: str
    who: str | None
    retryable: bool

    @classmethod
    def read(cls, raw: Raw | None) -> "Fault | None":
        if raw is None:
            return None
        return cls(
            code=raw["code"],
            message=raw["message"],
            who=raw.get("who"),
            retryable=raw.get("retryable") is True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A stored image. `url` is signed and lives for minutes; `key` and `sha256` stay."""

    index: int
    key: str
    url: str
    preview_url: str | None
    content_type: str
    bytes: int
    width: int | None  # None: the file does not say it in a way that Seedhook reads
    height: int | None
    sha256: str
    verified: bool | None
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def read(cls, raw: Raw) -> Self:
        return cls(
            index=raw["index"],
            key=raw["key"],
            url=raw["url"],
            preview_url=raw.get("preview_url"),
            content_type=raw["content_type"],
            bytes=raw["bytes"],
            width=raw["width"],
            height=raw["height"],
            sha256=raw["sha256"],
            verified=raw.get("verified"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Dollars; None where nobody knows, never zero instead.

    `charged_usd` is the part that is known, unless `complete`.
    """

    estimated_usd: Decimal | None
    charged_usd: Decimal | None
    complete: bool

    @classmethod
    def read(cls, raw: Raw) -> Self:
        charged = money(raw["charged_usd"])
        return cls(
            estimated_usd=money(raw["estimated_usd"]),
            charged_usd=charged,
            # Stacks without this field report a charge only when it is complete.
            complete=raw.get("complete", charged is not None) is True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at one provider."""

    number: int
    provider: str
    delivery: str
    task_ids: tuple[str, ...]
    state: str
    submitted_at: datetime | None
    finished_at: datetime | None
    error: Fault | None
    decision: str | None
    key: str | None  # the id of the API key that it ran under
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def read(cls, raw: Raw) -> Self:
        return cls(
            number=raw["number"],
            provider=raw["provider"],
            delivery=raw["delivery"],
            task_ids=tuple(raw["task_ids"]),
            state=raw["state"],
            submitted_at=moment(raw["submitted_at"]),
            finished_at=moment(raw["finished_at"]),
            error=Fault.read(raw["error"]),
            decision=raw.get("decision"),
            key=raw.get("key"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A line of a job's timeline."""

    at: datetime
    status: str
    note: str | None

    @classmethod
    def read(cls, raw: Raw) -> Self:
        return cls(at=datetime.fromisoformat(raw["at"]), status=raw["status"], note=raw.get("note"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job at one moment; `version` grows with every change."""

    id: str
    status: str
    model: str
    provider: str
    delivery: str
    sandbox: bool
    input: Raw
    images: tuple[Image, ...]
    requested_images: int
    delivered_images: int
    error: Fault | None
    attempts: tuple[Attempt, ...]
    cost: Cost
    late: bool
    metadata: Mapping[str, str]
    tags: tuple[str, ...]
    version: int
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    timeline: tuple[Moment, ...]
    urls: Mapping[str, str]
    raw: Raw = field(repr=False, compare=False)

    @property
    def is_over(self) -> bool:
        return self.status in TERMINAL

    @property
    def succeeded(self) -> bool:
        return self.status == "succeeded"

    def checked(self) -> Self:
        """Return the job if it brought all that was asked for. Raises JobFailed."""
        if self.succeeded:
            return self
        why = f": {self.error.message} ({self.error.code})" if self.error else ""
        raise JobFailed(f"{self.id} is {self.status}{why}", job=self)

    @classmethod
    def read(cls, raw: Raw) -> Self:
        return cls(
            id=raw["id"],
            status=raw["status"],
            model=raw["model"],
            provider=raw["provider"],
            delivery=raw["delivery"],
            sandbox=raw["sandbox"],
            input=raw["input"],
            images=tuple(map(Image.read, raw["images"])),
            requested_images=raw["requested_images"],
            delivered_images=raw["delivered_images"],
            error=Fault.read(raw["error"]),
            attempts=tuple(map(Attempt.read, raw["attempts"])),
            cost=Cost.read(raw["cost"]),
            late=raw["late"],
            metadata=raw["metadata"],
            tags=tuple(raw["tags"]),
            version=raw["version"],
            created_at=datetime.fromisoformat(raw["created_at"]),
            updated_at=datetime.fromisoformat(raw["updated_at"]),
            completed_at=moment(raw["completed_at"]),
            timeline=tuple(map(Moment.read, raw["timeline"])),
            urls=raw["urls"],
            raw=raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What would become of a request: `dry_run` makes no job and costs nothing."""

    model: str
    provider: str
    delivery: str
    sandbox: bool
    requested_images: int
    cost: Cost
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def read(cls, raw: Raw) -> Self:
        return cls(
            model=raw["model"],
            provider=raw["provider"],
            delivery=raw["delivery"],
            sandbox=raw["sandbox"],
            requested_images=raw["requested_images"],
            cost=Cost.read(raw["cost"]),
            raw=raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A place for one upload: a form that takes one file, and the reference it then has."""

    id: str
    url: str
    fields: Mapping[str, str]

    @classmethod
    def read(cls, raw: Raw) -> Self:
        return cls(id=raw["id"], url=raw["url"], fields=dict(raw["fields"]))


def money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
