"""Which provider does a job, and how its result is learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.offers import Model, Offer
from shared.domain.wanted import JobInput
from shared.ports import Accesses, ProviderAccess

# What `delivery: auto` means at each provider (contract 2.1), best first.
_PREFERRED: Final[Mapping[str, tuple[str, ...]]] = {
    "apixo": ("callback", "poll"),
    "oxen": ("poll",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    offer: Offer
    delivery: str
    decision: str


def choose(
    model: Model, wanted: JobInput, *, providers: Sequence[str], delivery: str, accesses: Accesses
) -> Route:
    """Pick the first provider that can do all that is wanted.

    `providers` is the caller's order; empty means cheapest first, unpriced last. Raises
    InvalidRequest with what keeps the first candidate from doing it.
    """
    candidates = _candidates(model, providers, accesses)
    complaints: list[list[FieldError]] = []
    for offer in candidates:
        faults = offer.complaints(wanted)
        faults += _delivery_complaints(offer, delivery, accesses[offer.provider])
        if not faults:
            return _route(offer, delivery, accesses[offer.provider], by_price=not providers)
        complaints.append(faults)
    raise InvalidRequest(complaints[0])


def _candidates(model: Model, providers: Sequence[str], accesses: Accesses) -> list[Offer]:
    offers = {offer.provider: offer for offer in model.offers if offer.provider in accesses}
    unknown = [name for name in providers if name not in offers]
    if unknown or not offers:
        homes = ", ".join(offers) or "no provider of this deployment"
        message = f"{model.id} is served by {homes}, not by {', '.join(unknown) or 'any other'}"
        raise InvalidRequest([FieldError(pointer="/provider", code="unknown", message=message)])
    if providers:
        return [offers[name] for name in providers]
    return sorted(offers.values(), key=_cost)


def _cost(offer: Offer) -> tuple[bool, Decimal]:
    return (True, Decimal(0)) if offer.price is None else (False, offer.price.usd_per_image)


def _delivery_complaints(offer: Offer, delivery: str, access: ProviderAccess) -> list[FieldError]:
    if delivery == "auto" or delivery in _possible(offer, access):
        return []
    if delivery == "callback" and delivery in offer.deliveries:
        message = (
            f"{offer.provider} cannot reach this deployment: without a public https address "
            "(SEEDHOOK_PUBLIC_URL) results are learned by poll"
        )
    else:
        message = f"{offer.provider} has {', '.join(offer.deliveries)} for {offer.model}"
    return [FieldError(pointer="/delivery", code="unsupported", message=message)]


def _possible(offer: Offer, access: ProviderAccess) -> tuple[str, ...]:
    return tuple(d for d in offer.deliveries if d != "callback" or access.callback_base)


def _route(offer: Offer, delivery: str, access: ProviderAccess, *, by_price: bool) -> Route:
    possible = _possible(offer, access)
    if delivery == "auto":
        delivery = next(d for d in _PREFERRED[offer.provider] if d in possible)
    reason = "cheapest that can do all that was asked" if by_price else "asked for by name"
    decision = f"{offer.provider} by {delivery}: {reason}"
    return Route(offer=offer, delivery=delivery, decision=decision)
