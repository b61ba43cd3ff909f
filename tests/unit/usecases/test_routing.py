"""Which provider does a job, and how its result is learned."""

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.catalog.load import load_catalog
from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.offers import Model, Price
from shared.domain.wanted import JobInput
from shared.ports.providers import Accesses, ProviderAccess
from shared.usecases.routing import Route, choose

SEEDREAM_45, SEEDREAM_4 = (load_catalog().find(name) for name in ("seedream-4.5", "seedream-4"))
REACHABLE = ProviderAccess(
    sandbox=False, callback_base="https://seedhook.example", fetches_links=True
)
HIDDEN = ProviderAccess(sandbox=False, callback_base=None, fetches_links=False)
BOTH: Accesses = {"apixo": REACHABLE, "oxen": REACHABLE}
ALL: Accesses = {**BOTH, "aimlapi": REACHABLE}


def route(
    *providers: str,
    model: Model | None = SEEDREAM_45,
    delivery: str = "auto",
    accesses: Accesses = BOTH,
    sick: tuple[str, ...] = (),
    **wanted: object,
) -> Route:
    assert model is not None
    wish = JobInput(prompt="a fox", **wanted)  # type: ignore[arg-type]  # by the caller's word
    return choose(
        model,
        wish,
        providers=providers,
        delivery=delivery,
        accesses=accesses,
        is_healthy=lambda provider, _: provider not in sick,
    )


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
        assert route(model=replace(model, offers=offers)).legs[0].provider == provider


def test_without_any_price_the_catalogues_order_decides() -> None:
    model = priced()

    assert route(model=model).legs[0].provider == "apixo"
    assert route(model=replace(model, offers=model.offers[::-1])).legs[0].provider == "oxen"


def test_the_callers_order_stands_above_the_price() -> None:
    assert route("oxen", "apixo").legs[0].provider == "oxen"
    assert route("apixo", "oxen").legs[0].provider == "apixo"


def test_the_next_provider_does_what_the_first_cannot() -> None:
    assert route(seed=7).legs[0].provider == "oxen"
    assert route("apixo", "oxen", seed=7).legs[0].provider == "oxen"
    assert route("oxen", "apixo", sequential="auto").legs[0].provider == "apixo"
    assert route("oxen", "apixo", delivery="callback").legs[0].provider == "apixo"


def test_what_nobody_can_do_is_refused_for_the_first_ones_reasons() -> None:
    with pytest.raises(InvalidRequest) as caught:
        route("oxen", "apixo", seed=7, sequential="auto", delivery="callback")

    assert [(error.pointer, error.message) for error in caught.value.errors] == [
        ("/sequential", "seedream-4.5 at oxen does not take this field"),
        ("/delivery", "oxen has poll, stream, sync for seedream-4.5"),
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
    assert route(accesses={"oxen": REACHABLE}).legs[0].provider == "oxen"
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
        ("oxen", HIDDEN, "stream", "stream"),
        ("oxen", REACHABLE, "sync", "sync"),
        ("aimlapi", HIDDEN, "auto", "sync"),
        ("aimlapi", REACHABLE, "sync", "sync"),
    ],
)
def test_a_result_is_learned_as_asked_or_in_the_best_way_that_works(
    provider: str, access: ProviderAccess, delivery: str, becomes: str
) -> None:
    assert (
        route(provider, delivery=delivery, accesses={provider: access}).legs[0].delivery == becomes
    )


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
    assert route().decision == (
        "apixo by callback: the cheapest that can do all that was asked, at $0.0350 an image; "
        "should it fail: oxen"
    )
    assert route("oxen").decision == "oxen by poll: asked for by name"
    assert route(seed=7).decision == (
        "oxen by poll: the one that can do all that was asked; its price is unknown"
    )


def test_whoever_else_could_do_it_is_named_in_the_same_order() -> None:
    assert [leg.provider for leg in route(accesses=ALL).legs] == ["apixo", "aimlapi", "oxen"]
    assert [leg.provider for leg in route(accesses=ALL, seed=7).legs] == ["aimlapi", "oxen"]
    assert [leg.provider for leg in route("oxen", "apixo").legs] == ["oxen", "apixo"]
    assert [leg.provider for leg in route("oxen", "oxen").legs] == ["oxen"]


def test_a_provider_that_is_out_of_order_is_the_last_choice() -> None:
    assert [leg.provider for leg in route(accesses=ALL, sick=("apixo",)).legs] == [
        "aimlapi",
        "oxen",
        "apixo",
    ]


def test_a_callers_order_holds_whoever_is_out_of_order() -> None:
    assert route("apixo", "oxen", sick=("apixo",)).legs[0].provider == "apixo"


def test_each_way_says_what_it_would_cost() -> None:
    costs = {leg.provider: leg.estimated_usd for leg in route(accesses=ALL, n=2).legs}

    assert costs == {"apixo": Decimal("0.0700"), "aimlapi": Decimal("0.084"), "oxen": None}
