"""Models as people read them: tables, made from what the API says and nothing else."""

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console
from rich.table import Table

type Part = str | Table

_ANY: Final = 2**53
_WIDE: Final = 1000  # a pipe has no edge: there every row is a line


def console() -> Console:
    screen = Console(highlight=False, markup=False, emoji=False)
    if screen.is_terminal:
        return screen
    return Console(highlight=False, markup=False, emoji=False, width=_WIDE)


def overview(models: list[dict[str, Any]]) -> list[Part]:
    table = _table("MODEL", "PROVIDER", "ITS OWN ID", "DELIVERIES", "USD AN IMAGE", "SECONDS")
    for model in models:
        for provider, offer in model["providers"].items():
            table.add_row(
                model["id"],
                provider,
                offer["provider_model"],
                ", ".join(offer["deliveries"]),
                _price(offer["price"]),
                _typical(offer["timing"]),
            )
    return [table]


def details(model: dict[str, Any]) -> list[Part]:
    parts: list[Part] = [f"{model['id']}: {model['title']}, also {', '.join(model['aliases'])}"]
    for provider, offer in model["providers"].items():
        parts += ["", f"{provider}: {offer['provider_model']}"]
        parts += [f"  {line}" for line in _facts(offer)]
        parts.append(_fields(offer))
    return parts


def _facts(offer: dict[str, Any]) -> Iterator[str]:
    price = offer["price"]
    source = f", {price['source']}" if price else ""
    yield f"USD an image: {_price(price)}{source}"
    images = (f"{count} by {name}" for name, count in offer["images_per_request"].items())
    yield f"images a request: {', '.join(images)}"
    for timing in offer["timing"]:
        yield f"{timing['resolution'] or 'any size'}: {_times(timing)}"
    yield from _together(offer["schema"])
    if offer["filled"]:
        yield f"filled by Seedhook: {', '.join(offer['filled'])}"


def _fields(offer: dict[str, Any]) -> Table:
    table = _table("FIELD", "ON THE WIRE", "MAY BE", "DEFAULT")
    for name, schema in offer["schema"]["properties"].items():
        wire = offer["wire"][name] or "one request each"
        table.add_row(name, wire, _allowed(schema), _default(schema.get("default")))
    return table


def _allowed(schema: dict[str, Any]) -> str:
    """Say what a JSON Schema of one field allows."""
    match schema:
        case {"anyOf": choices}:
            told = "; or WIDTHxHEIGHT: ".join(_allowed(choice) for choice in choices)
        case {"enum": words}:
            told = ", ".join(words)
        case {"type": "boolean"}:
            told = "true or false"
        case {"type": "integer", "minimum": least, "maximum": most}:
            told = "any integer" if most >= _ANY else f"{least} to {most}"
        case {"type": "array", "maxItems": most}:
            told = f"up to {most}"
        case {"type": "string", "maxLength": most}:
            told = f"up to {most} characters"
        case _:
            told = str(schema["description"])
    return told


def _default(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _together(schema: dict[str, Any]) -> Iterator[str]:
    """Say what is wrong together, as far as it fits in a line."""
    if schema.get("dependentSchemas"):
        yield f"size excludes {' and '.join(schema['dependentSchemas'])}"
    for rule in schema.get("allOf", []):
        given = rule["if"]["properties"]
        for name, allowed in rule["then"]["properties"].items():
            if all("const" in one for one in given.values()):
                told = ", ".join(f"{field} {one['const']}" for field, one in given.items())
                yield f"{told}: {name} {', '.join(allowed['enum'])}"


def _price(price: dict[str, Any] | None) -> str:
    if price is None:
        return "unknown"
    date = f" ({price['as_of']})" if price["as_of"] else ""
    return f"{price['usd_per_image']}{date}"


def _typical(timings: list[dict[str, Any]]) -> str:
    """Say it once where it is the same for all."""
    spans = [(timing["resolution"], _span(timing["typical_seconds"])) for timing in timings]
    if len({span for _, span in spans}) == 1:
        return spans[0][1]
    return ", ".join(f"{resolution} {span}" for resolution, span in spans)


def _span(seconds: list[int] | None) -> str:
    return f"{seconds[0]} to {seconds[1]}" if seconds else "unknown"


def _times(timing: dict[str, Any]) -> str:
    seconds = timing["typical_seconds"]
    told = f"{_span(seconds)} seconds" if seconds else "time unknown"
    if timing["first_poll_seconds"] is None:
        return told
    first, then = timing["first_poll_seconds"], timing["poll_interval_seconds"]
    return f"{told}, asked after {first:g}, then every {then:g}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
