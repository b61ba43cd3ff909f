"""A request for an API key, and the terms it asks for."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from shared.api.reading import pointer_to
from shared.api.requests import RetentionRequest
from shared.domain.api_key import Terms
from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.limits import Limits, Window
from shared.domain.money import micros
from shared.domain.offers import Catalog
from shared.domain.retention import KEPT

_MOST_USD: Final = Decimal(10**9)
_PLACES: Final = -6  # micro-dollars


def _dollars(value: object) -> Decimal:
    """Read a decimal string as it is written, and a number to the micro-dollar.

    A program that computes in floating point means 0.35 when it sends 0.35000000000000003.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError('must be an amount in dollars, such as 50 or "0.35"')  # noqa: TRY004  # pydantic wants it
    try:
        amount = Decimal(str(value)[:40])
        if isinstance(value, float) and amount.is_finite():
            amount = round(amount, 6)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount <= _MOST_USD:
        raise ValueError("must be an amount in dollars, more than 0 and at most 1000000000")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < _PLACES:
        raise ValueError("has more than six decimal places")
    return amount


def _whole_or_less_than_one(rate: float) -> float:
    if rate > 1 and rate != int(rate):
        raise ValueError("must be a whole number of jobs a second, or less than one")
    return rate


ModelAlias = Annotated[str, Field(min_length=1, max_length=100)]


class KeyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    tenant: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = "default"
    budget_usd: Annotated[Decimal, BeforeValidator(_dollars)] | None = None
    window: Annotated[str, Field(pattern=r"^(month|total)$")] = "month"
    rate: (
        Annotated[float, Field(ge=0.001, le=1000), AfterValidator(_whole_or_less_than_one)] | None
    ) = None
    max_in_flight: Annotated[int, Field(ge=1, le=100_000)] | None = None
    models: Annotated[list[str], Field(max_length=20)] = []
    model_aliases: Annotated[dict[ModelAlias, str], Field(max_length=20)] = {}
    expires: Annotated[str, Field(max_length=40)] | None = None
    retention: RetentionRequest | None = None

    def terms(self, catalog: Catalog, now: datetime) -> Terms:
        """Raises InvalidRequest for models that do not exist and an end that has passed."""
        limits = Limits(
            budget=None if self.budget_usd is None else micros(self.budget_usd),
            window=Window(self.window),
            rate=self.rate,
            max_in_flight=self.max_in_flight,
        )
        models = [_model(catalog, name, f"/models/{at}") for at, name in enumerate(self.models)]
        return Terms(
            limits=limits,
            models=tuple(dict.fromkeys(models)),
            model_aliases=dict(_aliases(catalog, self.model_aliases)),
            expires_at=None if self.expires is None else _end(self.expires, now),
            retention=self.retention.retention() if self.retention else KEPT,
        )


def _model(catalog: Catalog, name: str, pointer: str) -> str:
    model = catalog.find(name)
    if model is None:
        known = ", ".join(model.id for model in catalog.models)
        message = f"no such model; known are {known}"
        raise InvalidRequest([FieldError(pointer=pointer, code="unknown", message=message)])
    return model.id


def _aliases(catalog: Catalog, wanted: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, target in wanted.items():
        pointer = pointer_to("model_aliases", name)
        if catalog.find(name):
            message = "is a model's own name here, and cannot stand for another"
            raise InvalidRequest([FieldError(pointer=pointer, code="not_allowed", message=message)])
        yield name, _model(catalog, target, pointer)


def _end(text: str, now: datetime) -> datetime:
    """Read a moment in RFC 3339, or a day: a key is good until that day begins, in UTC."""
    try:
        if len(text) == len("2026-11-20"):
            end = datetime.combine(date.fromisoformat(text), time(), UTC)
        else:
            end = datetime.fromisoformat(text)
        if end > now:
            return end
    except (ValueError, TypeError, OverflowError):
        pass
    message = "must be a day, or a moment in RFC 3339 with its zone, and not have passed"
    raise InvalidRequest([FieldError(pointer="/expires", code="out_of_range", message=message)])
