"""Which ways a request leaves open, worked out a second time: from what `GET /v1/models` tells."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from itertools import combinations
from typing import Any, Final, NamedTuple

# What `"delivery": "auto"` means at each provider (contract, section 2.1).
_BY_ITSELF: Final[Mapping[str, str]] = {"apixo": "callback", "oxen": "poll", "aimlapi": "sync"}

type Document = dict[str, Any]


class Way(NamedTuple):
    """How a job can be done: where, how its result is learned, and for how much an image."""

    provider: str
    delivery: str
    sandbox: bool
    price: Decimal | None

    def estimate(self, images: int) -> Decimal | None:
        return None if self.price is None else self.price * images


class Routes:
    def __init__(self, models: Collection[Document], *, sandboxes: Collection[str]) -> None:
        self._offers = {model["id"]: model["providers"] for model in models}
        self._sandboxes = sandboxes

    def open_to(self, body: Document) -> list[Way]:
        """Return every way: in the caller's order, else the cheapest first, unpriced last."""
        offers = self._offers[body["model"]]
        names = _named(body) or list(offers)
        asked = body.get("delivery", "auto")
        ways = [
            self._way(name, offers[name], _BY_ITSELF[name] if asked == "auto" else asked)
            for name in names
            if asked == "auto" or asked in offers[name]["deliveries"]
        ]
        return ways if _named(body) else sorted(ways, key=_cost)

    def _way(self, provider: str, offer: Document, delivery: str) -> Way:
        price = Decimal(offer["price"]["usd_per_image"]) if offer["price"] else None
        return Way(provider, delivery, sandbox=provider in self._sandboxes, price=price)


def check_route(
    body: Document, told: list[Document], ways: list[Way], out: Collection[str]
) -> None:
    """Compare the route that a dry run tells with the ways that are open.

    `out` names the providers that have ever been out of order: without an order of the caller's,
    only they may come after a dearer one.
    """
    shown = [
        (leg["provider"], leg["delivery"], leg["sandbox"], _money(leg["estimated_usd"]))
        for leg in told
    ]
    due = [(w.provider, w.delivery, w.sandbox, w.estimate(body["n"])) for w in ways]
    most = len(due) if body.get("failover", "on") == "on" else 1
    if _named(body):
        assert shown == due[:most], "not the order of the caller"
        return
    assert len(shown) == most, "not all ways that are open"
    assert all(one in due for one in shown), "another way than those that are open"
    if most == 1:
        assert shown[0] == due[0] or due[0][0] in out, f"{due[0][0]} is cheaper, and works"
    for before, after in combinations(shown, 2):
        is_dearer = due.index(before) > due.index(after)
        assert not is_dearer or after[0] in out, f"{after[0]} is cheaper, and works"


def may_be_first(body: Document, ways: list[Way], out: Collection[str]) -> list[Way]:
    """Return the ways that a job could go first, were all in `out` out of order or not."""
    if _named(body):
        return ways[:1]
    works = [number for number, way in enumerate(ways) if way.provider not in out]
    return ways[: works[0] + 1] if works else ways


def _named(body: Document) -> list[str]:
    """Return the providers that the caller names; none leaves the order to the service."""
    wanted = body.get("provider", "auto")
    names = [wanted] if isinstance(wanted, str) else wanted
    return [] if names == ["auto"] else list(dict.fromkeys(names))


def _cost(way: Way) -> tuple[bool, Decimal]:
    return (True, Decimal(0)) if way.price is None else (False, way.price)


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
