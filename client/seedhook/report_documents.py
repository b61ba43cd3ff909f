"""What the API tells of models, providers, usage and batches, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Self

from .documents import Raw, money


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Many jobs from one file; `counts` has accepted, refused, in_flight, succeeded, failed."""

    id: str
    status: str
    counts: Mapping[str, int]
    lines: int | None
    report: str | None
    raw: Raw = field(repr=False, compare=False)

    @property
    def is_over(self) -> bool:
        return self.raw.get("completed_at") is not None

    @property
    def done(self) -> int:
        """Return how many lines nothing more comes of."""
        return sum(self.counts.get(name, 0) for name in ("refused", "succeeded", "failed"))

    @property
    def succeeded(self) -> bool:
        """Return whether every line brought its images."""
        is_flawless = not self.counts.get("failed") and not self.counts.get("refused")
        return self.is_over and self.status == "completed" and is_flawless

    @classmethod
    def read(cls, raw: Raw) -> Self:
        return cls(
            id=raw["id"],
            status=raw["status"],
            counts=raw["counts"],
            lines=raw.get("lines"),
            report=raw.get("report"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model at one provider; `schema` is the JSON Schema of what it takes there."""

    provider_model: str
    deliveries: tuple[str, ...]
    usd_per_image: Decimal | None
    schema: Raw
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def read(cls, raw: Raw) -> Self:
        price = raw["price"]
        return cls(
            provider_model=raw["provider_model"],
            deliveries=tuple(raw["deliveries"]),
            usd_per_image=money(price["usd_per_image"]) if price else None,
            schema=raw["schema"],
            raw=raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    id: str
    title: str
    aliases: tuple[str, ...]
    providers: Mapping[str, Offer]
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def read(cls, raw: Raw) -> Self:
        return cls(
            id=raw["id"],
            title=raw["title"],
            aliases=tuple(raw["aliases"]),
            providers={name: Offer.read(offer) for name, offer in raw["providers"].items()},
            raw=raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How a provider fares; `open_models` are those that its breaker keeps jobs from."""

    name: str
    sandbox: bool
    callbacks: bool
    in_flight: int | None
    max_in_flight: int | None
    open_models: tuple[str, ...]
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def read(cls, raw: Raw) -> Self:
        return cls(
            name=raw["name"],
            sandbox=raw["sandbox"],
            callbacks=raw["callbacks"],
            in_flight=raw.get("in_flight"),
            max_in_flight=raw.get("max_in_flight"),
            open_models=tuple(m["model"] for m in raw["models"] if m["breaker"] != "closed"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """What jobs have made and cost; `group` is the day, model, ... it was added up by."""

    group: str
    jobs: int
    images: int
    failed: int
    spent_usd: Decimal
    raw: Raw = field(repr=False, compare=False)

    @classmethod
    def read(cls, raw: Raw, *, group_by: str) -> Self:
        return cls(
            group=raw[group_by],
            jobs=raw["jobs"],
            images=raw["images"],
            failed=raw["failed"],
            spent_usd=Decimal(raw["spent_usd"]),
            raw=raw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """That the API answers, and what time it has, to the second."""

    status: str
    at: datetime | None
