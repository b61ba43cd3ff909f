"""Offers: what a model can do at a provider, as data, and whether a request fits.

The catalogue (shared/catalog) holds one offer per (model, provider) pair. A request is checked
against the offer before anything is paid, and translated with it into the provider's own fields.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Final

from shared.domain.errors import FieldError
from shared.domain.wanted import JobInput

_SIZE: Final = re.compile(r"([1-9][0-9]{1,4})[xX*]([1-9][0-9]{1,4})")
# Fields of a request that an offer need not list.
_UNIVERSAL: Final = frozenset({"prompt", "images", "n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLimits:
    """Bounds on an explicit WIDTHxHEIGHT, in pixels; `max_ratio` bounds the longer side."""

    min_pixels: int
    max_pixels: int
    max_ratio: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """One optional field: what it is called on the wire, and what it may hold."""

    wire: str
    values: tuple[str, ...] = ()
    integer: bool = False
    boolean: bool = False
    pixels: PixelLimits | None = None
    default: str | None = None

    def complaint(self, value: object) -> str | None:
        """Return what is wrong with the value, or None."""
        if self.integer:
            return None if type(value) is int else "must be an integer"
        if self.boolean:
            return None if type(value) is bool else "must be true or false"
        if value in self.values:
            return None
        if self.pixels is None:
            return f"must be one of {', '.join(self.values)}"
        return self._size_complaint(str(value), self.pixels)

    def _size_complaint(self, value: str, limits: PixelLimits) -> str | None:
        match = _SIZE.fullmatch(value)
        if not match:
            return f"must be {', '.join(self.values)} or WIDTHxHEIGHT"
        width, height = int(match[1]), int(match[2])
        if not limits.min_pixels <= width * height <= limits.max_pixels:
            return (
                f"{width}x{height} has {width * height} pixels; allowed are "
                f"{limits.min_pixels} to {limits.max_pixels}"
            )
        if max(width, height) > limits.max_ratio * min(width, height):
            return f"sides may differ at most {limits.max_ratio} to 1"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    usd_per_image: Decimal
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """Seconds from acceptance to the first question, and between questions."""

    first_poll: float
    interval: float
    callback_grace: float = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One model at one provider."""

    model: str
    provider: str
    provider_model: str
    deliveries: tuple[str, ...]
    max_prompt: int
    references_wire: str
    max_references: int
    max_images: int
    images_per_submission: int
    max_sequence: int | None = None
    rules: Mapping[str, FieldRule]
    pacing: Pacing
    pacing_by_resolution: Mapping[str, Pacing] = field(default_factory=dict)
    price: Price | None = None

    def complaints(self, wanted: JobInput) -> list[FieldError]:
        """Return everything that keeps this pair from doing what is wanted."""
        return [
            *self._prompt(wanted),
            *self._references(wanted),
            *self._count(wanted),
            *self._fields(wanted),
        ]

    def wire_fields(self, wanted: JobInput) -> dict[str, object]:
        """Return the optional fields in the provider's own names; call after `complaints`."""
        wire: dict[str, object] = {}
        for name, rule in self.rules.items():
            value = getattr(wanted, name)
            if value is not None:
                wire[rule.wire] = value
        for rule in self.rules.values():
            if rule.default is not None and not wire.keys() & {rule.wire, "size"}:
                wire[rule.wire] = rule.default
        return wire

    def per_submission(self, delivery: str) -> int:
        """Return how many images one request can ask for: a call that waits makes one."""
        return 1 if delivery == "sync" else self.images_per_submission

    def pace(self, resolution: str | None) -> Pacing:
        """Return when to ask about such images: larger ones take longer."""
        return self.pacing_by_resolution.get(resolution or "", self.pacing)

    def estimate(self, images: int) -> Decimal | None:
        return self.price.usd_per_image * images if self.price else None

    def _prompt(self, wanted: JobInput) -> Iterator[FieldError]:
        if len(wanted.prompt) > self.max_prompt:
            yield FieldError(
                pointer="/prompt",
                code="too_long",
                message=f"{len(wanted.prompt)} characters; at most {self.max_prompt} are allowed",
            )

    def _references(self, wanted: JobInput) -> Iterator[FieldError]:
        count = len(wanted.images)
        if count > self.max_references:
            yield FieldError(
                pointer="/images",
                code="too_many",
                message=f"{count} references; {self.model} at {self.provider} takes at most "
                f"{self.max_references}",
            )
        if self._in_sequence(wanted) and self.max_sequence and count + wanted.n > self.max_sequence:
            yield FieldError(
                pointer="/images",
                code="too_many",
                message=f"{count} references and {wanted.n} images; with sequential auto both "
                f"together may be at most {self.max_sequence}",
            )

    def _count(self, wanted: JobInput) -> Iterator[FieldError]:
        if wanted.n > self.max_images:
            yield FieldError(
                pointer="/n", code="too_many", message=f"at most {self.max_images} images"
            )

    def _fields(self, wanted: JobInput) -> Iterator[FieldError]:
        for field in fields(wanted):
            value = getattr(wanted, field.name)
            if field.name in _UNIVERSAL or value is None:
                continue
            rule = self.rules.get(field.name)
            message = (
                rule.complaint(value)
                if rule
                else f"{self.model} at {self.provider} does not take this field"
            )
            if message:
                code = "not_allowed" if rule else "unsupported"
                yield FieldError(pointer=f"/{field.name}", code=code, message=message)

    @staticmethod
    def _in_sequence(wanted: JobInput) -> bool:
        return wanted.sequential == "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    id: str
    title: str
    aliases: tuple[str, ...]
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    models: tuple[Model, ...]

    def find(self, name: str) -> Model | None:
        """Return the model by its id or by any provider's own id for it."""
        return next((m for m in self.models if name == m.id or name in m.aliases), None)

    def offer(self, model: str, provider: str) -> Offer:
        """Return a pair that is known to exist; raises KeyError otherwise."""
        for known in self.models:
            for offer in known.offers:
                if (offer.model, offer.provider) == (model, provider):
                    return offer
        raise KeyError(f"{model} at {provider}")
