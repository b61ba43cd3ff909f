"""An order in Oxen's words: those of the live schema, else those of the catalogue."""

from collections.abc import Iterable
from typing import Any, Final, NoReturn

from shared.adapters.providers.oxen_schema import REFERENCE_FIELDS, LiveField, LiveSchema
from shared.adapters.providers.words import in_words
from shared.domain.errors import ErrorCode, Fault, Refused
from shared.ports.providers import Order

_SYNC: Final = "sync"


def is_sync(order: Order) -> bool:
    return order.submission.delivery == _SYNC


def compose(order: Order, live: LiveSchema | None, *, hide: Iterable[str]) -> dict[str, Any]:
    """Return the body. Raises Refused, before anything is paid, for what is no longer taken."""
    return {
        "model": order.offer.provider_model,
        "prompt": order.wanted.prompt,
        **_how_many(order),
        **(_Fitting(order, live, hide=hide).content() if live else _by_catalogue(order)),
    }


def _how_many(order: Order) -> dict[str, object]:
    """A call that waits makes one image and takes no number."""
    if is_sync(order):
        return {"response_format": "url"}
    return {"num_generations": order.submission.images_asked}


def _by_catalogue(order: Order) -> dict[str, object]:
    given = list(order.references)
    return order.offer.wire_fields(order.wanted) | (
        {order.offer.references_wire: given} if given else {}
    )


class _Fitting:
    """Holds an order to what the model takes today."""

    def __init__(self, order: Order, live: LiveSchema, *, hide: Iterable[str]) -> None:
        self._order = order
        self._live = live
        self._hide = [*hide, order.wanted.prompt]

    def content(self) -> dict[str, object]:
        return self._options() | self._references()

    def _options(self) -> dict[str, object]:
        """What nobody asked for, a default of ours, is left out where it is not taken."""
        offer, wanted = self._order.offer, self._order.wanted
        for field, value in offer.asked_fields(wanted).items():
            self._check(self._asked_as(field), field, value)
        fields = offer.wire_fields(wanted)
        return {field: value for field, value in fields.items() if self._takes(field, value)}

    def _asked_as(self, field: str) -> str:
        """Return what the caller called it; a size may go out as two fields."""
        rules, wanted = self._order.offer.rules, self._order.wanted
        names = (n for n, r in rules.items() if r.wire == field and getattr(wanted, n) is not None)
        return next(names, "size")

    def _check(self, name: str, field: str, value: object) -> None:
        if field not in self._live:
            self._refuse(f"no longer takes {name}", live=self._live)
        if not self._takes(field, value):
            self._refuse(f"no longer takes {name} {value}", live=self._live[field].values)

    def _takes(self, field: str, value: object) -> bool:
        known = self._live.get(field)
        return known is not None and (not known.values or value in known.values)

    def _references(self) -> dict[str, object]:
        given = list(self._order.references)
        if not given:
            return {}
        name, field = self._references_field()
        at_most = field.at_most if field.is_list else 1
        if len(given) > at_most:
            self._refuse(f"takes at most {at_most} of the {len(given)} images", live=[name])
        return {name: given if field.is_list else given[0]}

    def _references_field(self) -> tuple[str, LiveField]:
        """Of several such fields, take one for a list, the catalogue's own first."""
        names = dict.fromkeys([self._order.offer.references_wire, *REFERENCE_FIELDS])
        taken = [(name, self._live[name]) for name in names if name in self._live]
        if not taken:
            self._refuse("no longer takes images", live=self._live)
        return next(((name, field) for name, field in taken if field.is_list), taken[0])

    def _refuse(self, what: str, *, live: Iterable[object]) -> NoReturn:
        named = ", ".join(map(str, live))
        text = f"{self._order.offer.model} {what} (its live schema names: {named})"
        words = in_words("oxen", [text], hide=self._hide, otherwise="refused")
        raise Refused(Fault(code=ErrorCode.PROVIDER_REJECTED, message=words))
