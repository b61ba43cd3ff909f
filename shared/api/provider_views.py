"""What readers get to see of the providers: how each fares, and how busy it is."""

from collections.abc import Mapping
from typing import Any

from shared.domain.breaker import Breaker, BreakerState
from shared.domain.offers import Catalog
from shared.domain.public import fault_document, timestamp
from shared.ports.providers import Accesses
from shared.usecases.provider_gate import ProviderStates


def providers_view(
    catalog: Catalog, accesses: Accesses, states: ProviderStates, limits: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return each provider of this deployment: what it serves, how it fares, how busy it is."""
    return [
        {
            "object": "provider",
            "name": name,
            "sandbox": access.sandbox,
            "callbacks": access.callback_base is not None,
            "models": [
                _health_view(model.id, states.of(name, model.id))
                for model in catalog.models
                if any(offer.provider == name for offer in model.offers)
            ],
            "in_flight": states.in_flight.get(name),
            "max_in_flight": limits.get(name),
        }
        for name, access in accesses.items()
    ]


def _health_view(model: str, found: tuple[Breaker, BreakerState] | None) -> dict[str, Any]:
    if found is None:
        return {"model": model, "breaker": BreakerState.CLOSED, "since": None, "reason": None}
    breaker, state = found
    return {
        "model": model,
        "breaker": state,
        "since": timestamp(breaker.opened_at),
        "reason": fault_document(breaker.reason),
    }
