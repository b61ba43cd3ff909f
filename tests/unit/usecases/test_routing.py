"""Which provider does a job, and how its result is learned."""

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.catalog.load import load_catalog
from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.offers import Model, Price
from shared.domain.wanted import JobInput
from shared.ports import Accesses, ProviderAccess
from shared.usecases.routing import Route, choose

SEEDREAM_45, SEEDREAM_4 = (load_catalog().find(name) for name in ("seedream-4.5", "seedream-4"))
REACHABLE = ProviderAccess(
    sandbox=False, callback_base="https://seedhook.example", fetches_links=True
)
HIDDEN = ProviderAccess(sandbox=False, callback_base=None, fetches_links=False)
BOTH: Accesses = {"apixo": REACHABLE, "oxen": REACHABLE}


def route(
    *providers: str,
    model: Model | None = SEEDREAM_45,
    delivery: str = "auto",
    accesses: Accesses = BOTH,
    **wanted: object,
) -> Route:
    assert model is not None
    wish = JobInput(prompt="a fox", **wanted)  # type: ignore[arg-type]  # by the caller's word
    return choose(model, wish, providers=providers, delivery=delivery, accesses=accesses)


def complaint(*providers: str, delivery: str = "auto", accesses: Accesses = BOTH) -> FieldError:
    with pytest.raises(InvalidRequest) as caught:
        route(*providers, delivery=delivery, accesses=accesses)
    (error,) = caught.value.errors
    return error


def priced(**prices: str) -> Model:
    assert SEEDREAM_45 is not None
    offers = [
        replace(
            offer,
            price=Price(usd_per_image=Decimal(prices[offer.provider]), as_of="", source="")
            if offer.provider in prices
            else None,
        )
        for offer in SEEDREAM_45.offers
    ]
    return replace(SEEDREAM_45, offers=tuple(offers))


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        (priced(apixo="0.035"), "apixo"),
        (priced(oxen="0.04"), "oxen"),
        (priced(apixo="0.035", oxen="0.04"), "apixo"),
        (priced(apixo="0.04", oxen="0.035"), "oxen"),
        (priced(apixo="0.10", oxen="0.09"), "oxen"),
        (priced(apixo="0", oxen="0.01"), "apixo"),
    ],
)
def test_nobody_named_means_the_cheapest_and_the_unpriced_last(model: Model, provider: str) -> None:
    for offers in (model.offers, model.offers[::-1]):
        assert route(model=replace(model, offers=offers)).offer.provider == provider


def test_without_any_price_the_catalogues_order_decides() -> None:
    model = priced()

    assert route(model=model).offer.provider == "apixo"
    assert route(model=replace(model, offers=model.offers[::-1])).offer.provider == "oxen"


def test_the_callers_order_stands_above_the_price() -> None:
    assert route("oxen", "apixo").offer.provider == "oxen"
    assert route("apixo", "oxen").offer.provider == "apixo"


def test_the_next_provider_does_what_the_first_cannot() -> None:
    assert route(seed=7).offer.provider == "oxen"
    assert route("apixo", "oxen", seed=7).offer.provider == "oxen"
    assert route("oxen", "apixo", sequential="auto").offer.provider == "apixo"
    assert route("oxen", "apixo", delivery="callback").offer.provider == "apixo"


def test_what_nobody_can_do_is_refused_for_the_first_ones_reasons() -> None:
    with pytest.raises(InvalidRequest) as caught:
        route("oxen", "apixo", seed=7, sequential="auto", delivery="sync")

    assert [(error.pointer, error.message) for error in caught.value.errors] == [
        ("/sequential", "seedream-4.5 at oxen does not take this field"),
        ("/delivery", "oxen has poll for seedream-4.5"),
    ]


def test_a_provider_that_does_not_serve_the_model_is_named_with_those_that_do() -> None:
    with pytest.raises(InvalidRequest) as caught:
        route("apixo", model=SEEDREAM_4)

    (error,) = caught.value.errors
    assert (error.pointer, error.code) == ("/provider", "unknown")
    assert error.message == "seedream-4 is served by oxen, not by apixo"


def test_one_unknown_name_in_a_list_is_not_passed_over() -> None:
    assert complaint("oxen", "aimlapi").message == (
        "seedream-4.5 is served by apixo, oxen, not by aimlapi"
    )


def test_only_providers_that_this_deployment_reaches_are_chosen() -> None:
    assert route(accesses={"oxen": REACHABLE}).offer.provider == "oxen"
    assert complaint("apixo", accesses={"oxen": REACHABLE}).pointer == "/provider"
    assert complaint(accesses={}).message == (
        "seedream-4.5 is served by no provider of this deployment, not by any other"
    )


@pytest.mark.parametrize(
    ("provider", "access", "delivery", "becomes"),
    [
        ("apixo", REACHABLE, "auto", "callback"),
        ("apixo", REACHABLE, "callback", "callback"),
        ("apixo", REACHABLE, "poll", "poll"),
        ("apixo", HIDDEN, "auto", "poll"),
        ("apixo", HIDDEN, "poll", "poll"),
        ("oxen", REACHABLE, "auto", "poll"),
        ("oxen", HIDDEN, "auto", "poll"),
        ("oxen", HIDDEN, "poll", "poll"),
    ],
)
def test_a_result_is_learned_as_asked_or_in_the_best_way_that_works(
    provider: str, access: ProviderAccess, delivery: str, becomes: str
) -> None:
    assert route(provider, delivery=delivery, accesses={provider: access}).delivery == becomes


def test_a_callback_that_cannot_arrive_is_refused_with_what_is_missing() -> None:
    error = complaint("apixo", delivery="callback", accesses={"apixo": HIDDEN})

    assert (error.pointer, error.code) == ("/delivery", "unsupported")
    assert "SEEDHOOK_PUBLIC_URL" in error.message


@pytest.mark.parametrize("delivery", ["stream", "sync"])
def test_a_delivery_that_the_provider_lacks_is_refused_with_those_it_has(delivery: str) -> None:
    assert (
        complaint("apixo", delivery=delivery).message == "apixo has callback, poll for seedream-4.5"
    )


def test_a_route_says_how_it_came_about() -> None:
    assert route().decision == "apixo by callback: cheapest that can do all that was asked"
    assert route("oxen").decision == "oxen by poll: asked for by name"
