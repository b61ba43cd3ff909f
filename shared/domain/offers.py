"""Offers: what a model can do at a provider, as data, and whether a request fits.

The catalogue (shared/catalog) holds one offer per (model, provider) pair. A request is checked
against the offer before anything is paid, and translated with it into the provider's own fields.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Final, Self

from shared.domain.errors import FieldError
from shared.domain.field_rules import FieldRule
from shared.domain.sizes import Presets
from shared.domain.translation import SHAPE_FIELDS, Dimensions, Shaping, Wire
from shared.domain.wanted import JobInput

# Fields of a request that an offer need not list.
_UNIVERSAL: Final = frozenset({"prompt", "images", "n"})
_BY_OPERATOR: Final = "set by the operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    usd_per_image: Decimal
    as_of: str | None = None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """Seconds from acceptance to the first question, and between questions.

    `typical` is how long the provider says that an image takes: at least and at most.
    """

    first_poll: float
    interval: float
    callback_grace: float = 120
    typical: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One model at one provider."""

    model: str
    provider: str
    provider_model: str
    provider_aliases: tuple[str, ...] = ()
    deliveries: tuple[str, ...]
    max_prompt: int
    references_wire: str
    max_references: int
    count_wire: str | None = None  # None: a request is for one image
    max_images: int
    images_per_submission: int
    max_sequence: int | None = None
    rules: Mapping[str, FieldRule]
    # Fields of the provider that no request has: filled by how the job is done.
    filled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dimensions: Dimensions
    presets: Presets = field(default_factory=dict)
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
            *self.shaping.complaints(wanted),
        ]

    def wire_fields(self, wanted: JobInput) -> Wire:
        """Return the optional fields in the provider's own names; call after `complaints`."""
        wire = self.asked_fields(wanted)
        for rule in self.rules.values():
            if rule.default is not None and wanted.size is None:
                wire.setdefault(rule.wire, rule.default)
        return wire

    def asked_fields(self, wanted: JobInput) -> Wire:
        """Return those of them that say what was asked for: all but defaults of ours."""
        wire = self.shaping.on_the_wire(wanted)
        for name, rule in self.rules.items():
            value = getattr(wanted, name)
            if name not in SHAPE_FIELDS and value is not None:
                wire[rule.wire] = value
        return wire

    @property
    def shaping(self) -> Shaping:
        return Shaping(dimensions=self.dimensions, rules=self.rules, presets=self.presets)

    def per_submission(self, delivery: str) -> int:
        """Return how many images one request can ask for: a call that waits makes one."""
        return 1 if delivery == "sync" else self.images_per_submission

    def pace(self, wanted: JobInput) -> Pacing:
        """Return when to ask for such a job: larger images take longer."""
        return self.pacing_by_resolution.get(self.shaping.resolution(wanted) or "", self.pacing)

    def pace_at(self, size: str | None) -> Pacing:
        """Return the pace for a size, be it a word or dimensions."""
        return self.pace(JobInput(prompt="", size=size))

    def priced(self, prices: Mapping[str, Decimal]) -> Self:
        """Return the offer at its price among those by `provider/model`, if it is there."""
        usd = prices.get(f"{self.provider}/{self.model}")
        if usd is None:
            return self
        return replace(self, price=Price(usd_per_image=usd, source=_BY_OPERATOR))

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
        # Of images that cannot be had at all the count alone is at fault.
        images = min(wanted.n, self.max_images)
        if self._in_sequence(wanted) and self.max_sequence and count + images > self.max_sequence:
            yield FieldError(
                pointer="/images",
                code="too_many",
                message=f"{count} references and {images} images; with sequential auto both "
                f"together may be at most {self.max_sequence}",
            )

    def _count(self, wanted: JobInput) -> Iterator[FieldError]:
        if wanted.n > self.max_images:
            yield FieldError(
                pointer="/n", code="too_many", message=f"at most {self.max_images} images"
            )

    def _fields(self, wanted: JobInput) -> Iterator[FieldError]:
        for asked in fields(wanted):
            value = getattr(wanted, asked.name)
            if asked.name in _UNIVERSAL or value is None:
                continue
            rule = self.rules.get(asked.name)
            message = (
                rule.complaint(value)
                if rule
                else f"{self.model} at {self.provider} does not take this field"
            )
            if message:
                code = "not_allowed" if rule else "unsupported"
                yield FieldError(pointer=f"/{asked.name}", code=code, message=message)

    @staticmethod
    def _in_sequence(wanted: JobInput) -> bool:
        return wanted.sequential == "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    id: str
    title: str
    aliases: tuple[str, ...]
    offers: tuple[Offer, ...]

    def priced(self, prices: Mapping[str, Decimal]) -> Self:
        return replace(self, offers=tuple(offer.priced(prices) for offer in self.offers))


@dataclass(frozen=True, slots=True)
class Catalog:
    models: tuple[Model, ...]

    def find(self, name: str) -> Model | None:
        """Return the model by its id or by any provider's own id for it."""
        return next((m for m in self.models if name == m.id or name in m.aliases), None)

    def priced(self, prices: Mapping[str, Decimal]) -> Self:
        """Return the catalogue with prices per image by `provider/model`, as an operator has them.

        Raises ValueError for a pair that it does not hold.
        """
        pairs = {f"{one.provider}/{one.model}" for model in self.models for one in model.offers}
        unknown = sorted(prices.keys() - pairs)
        if unknown:
            known = ", ".join(sorted(pairs))
            raise ValueError(f"{unknown[0]} is not in the catalogue, which holds {known}")
        return replace(self, models=tuple(model.priced(prices) for model in self.models))

    def offer(self, model: str, provider: str) -> Offer:
        """Return a pair that is known to exist; raises KeyError otherwise."""
        for known in self.models:
            for offer in known.offers:
                if (offer.model, offer.provider) == (model, provider):
                    return offer
        raise KeyError(f"{model} at {provider}")
