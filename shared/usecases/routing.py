"""Which providers can do a job, in which order, and how each one's result is learned."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from shared.domain.errors import FieldError, InvalidRequest, Unpriced
from shared.domain.failover import Leg
from shared.domain.offers import Model, Offer
from shared.domain.public import money
from shared.domain.wanted import JobInput
from shared.ports.providers import Accesses, ProviderAccess

# What `delivery: auto` means at each provider (contract 2.1), best first.
_PREFERRED: Final[Mapping[str, tuple[str, ...]]] = {
    "apixo": ("callback", "poll"),
    "oxen": ("poll",),
    "aimlapi": ("sync",),
}

type Health = Callable[[str, str], bool]  # whether a provider works, for a model


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The legs a job may take, best first, and in words why the first is the first."""

    legs: tuple[Leg, ...]
    decision: str


def choose(  # noqa: PLR0913  all that a choice depends on
    model: Model,
    wanted: JobInput,
    *,
    providers: Sequence[str],
    delivery: str,
    accesses: Accesses,
    is_healthy: Health,
    priced_only: bool = False,
) -> Route:
    """Find every provider that can do all that is wanted.

    `providers` is the caller's order; empty means those that work first, the cheapest of them
    before all, unpriced last. Raises InvalidRequest with what keeps the first candidate from it,
    and Unpriced where only prices are missing.
    """
    candidates = _candidates(model, providers, accesses, is_healthy)
    complaints = {
        offer.provider: _complaints(offer, wanted, delivery, accesses) for offer in candidates
    }
    able = [offer for offer in candidates if not complaints[offer.provider]]
    if not able:
        raise InvalidRequest(complaints[candidates[0].provider])
    if priced_only:
        able = _priced(able)
    legs = tuple(_leg(offer, wanted, delivery, accesses[offer.provider]) for offer in able)
    return Route(legs=legs, decision=_decision(able, legs, by_name=bool(providers)))


def _candidates(
    model: Model, providers: Sequence[str], accesses: Accesses, is_healthy: Health
) -> list[Offer]:
    offers = {offer.provider: offer for offer in model.offers if offer.provider in accesses}
    unknown = [name for name in providers if name not in offers]
    if unknown or not offers:
        homes = ", ".join(offers) or "no provider of this deployment"
        message = f"{model.id} is served by {homes}, not by {', '.join(unknown) or 'any other'}"
        raise InvalidRequest([FieldError(pointer="/provider", code="unknown", message=message)])
    if providers:
        return [offers[name] for name in dict.fromkeys(providers)]
    if len(offers) == 1:
        return list(offers.values())
    return sorted(
        offers.values(), key=lambda offer: (not is_healthy(offer.provider, model.id), _cost(offer))
    )


def _priced(able: Sequence[Offer]) -> list[Offer]:
    priced = [offer for offer in able if offer.price]
    if not priced:
        names = ", ".join(offer.provider for offer in able)
        message = f"{able[0].model} has no price at {names}, and this key has a budget"
        raise Unpriced([FieldError(pointer="/provider", code="unpriced", message=message)])
    return priced


def _cost(offer: Offer) -> tuple[bool, Decimal]:
    return (True, Decimal(0)) if offer.price is None else (False, offer.price.usd_per_image)


def _complaints(
    offer: Offer, wanted: JobInput, delivery: str, accesses: Accesses
) -> list[FieldError]:
    access = accesses[offer.provider]
    return [*offer.complaints(wanted), *_delivery_complaints(offer, delivery, access)]


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


def _leg(offer: Offer, wanted: JobInput, delivery: str, access: ProviderAccess) -> Leg:
    possible = _possible(offer, access)
    if delivery == "auto":
        delivery = next(d for d in _PREFERRED[offer.provider] if d in possible)
    return Leg(
        provider=offer.provider,
        delivery=delivery,
        sandbox=access.sandbox,
        estimated_usd=offer.estimate(wanted.n),
    )


def _decision(able: Sequence[Offer], legs: Sequence[Leg], *, by_name: bool) -> str:
    first, price = legs[0], able[0].price
    if by_name:
        reason = "asked for by name"
    elif price is None:
        reason = "the one that can do all that was asked; its price is unknown"
    else:
        each = money(price.usd_per_image)
        reason = f"the cheapest that can do all that was asked, at ${each} an image"
    others = ", ".join(leg.provider for leg in legs[1:])
    then = f"; should it fail: {others}" if others else ""
    return f"{first.provider} by {first.delivery}: {reason}{then}"
