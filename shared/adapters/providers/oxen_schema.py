"""What Oxen's models take today: their fields have been renamed and dropped without notice.

The reference images alone had three names in four months (providers.md 1.1). Oxen checks none of
them when a request comes in, so a wrong one would fail later, or be ignored and paid.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import Any, Final
from urllib.parse import quote

from shared.adapters.http import HttpClient
from shared.adapters.providers.answers import ask, json_object
from shared.domain.errors import ProviderUnreadable

REFERENCE_FIELDS: Final = ("input_image", "image_input", "input_images")

_ASK_SECONDS: Final = 2.0  # the caller of a job is waiting
_FRESH_SECONDS: Final = 600.0
_PAUSE_SECONDS: Final = 60.0  # after a question without an answer
_SCHEMA_NAMES: Final = ("json_request_schema", "request_schema")  # the pages have both


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveField:
    """What a model takes under one name."""

    values: tuple[object, ...] = ()  # none: any
    is_list: bool = True
    at_most: float = inf  # how many, of a list


type LiveSchema = Mapping[str, LiveField]


class LiveSchemas:
    """Asks for a model's schema at most every ten minutes; the last answer counts until then."""

    def __init__(
        self,
        http: HttpClient,
        *,
        base_url: str,
        key: Callable[[], str],
        monotonic: Callable[[], float],
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._key = key
        self._monotonic = monotonic
        self._known: dict[str, LiveSchema] = {}
        self._ask_at: dict[str, float] = {}

    def of(self, model: str) -> LiveSchema | None:
        """Return what the model takes; None if Oxen has never told."""
        if self._monotonic() >= self._ask_at.get(model, -inf):
            schema = self._asked(model)
            if schema:
                self._known[model] = schema
            pause = _FRESH_SECONDS if schema else _PAUSE_SECONDS
            self._ask_at[model] = self._monotonic() + pause
        return self._known.get(model)

    def _asked(self, model: str) -> LiveSchema | None:
        url = f"{self._base_url}/api/ai/models/{quote(model, safe='')}"
        with suppress(ProviderUnreadable):
            answer = ask(
                self._http, url, key=self._key(), provider="oxen", deadline_seconds=_ASK_SECONDS
            )
            return read_schema(json_object(answer.body))
        return None


def read_schema(body: Mapping[str, Any]) -> LiveSchema | None:
    """Return the fields that a model's page names; None if it is not the page of a model."""
    model = _mapping(body.get("data", body))
    schemas = (_mapping(model.get(name)) for name in _SCHEMA_NAMES)
    every = (_mapping(schema.get("properties")) for schema in schemas)
    # Whatever takes no prompt is not what we send requests to.
    properties = next((fields for fields in every if "prompt" in fields), None)
    if properties is None:
        return None
    return {name: _field(_mapping(described)) for name, described in properties.items()}


def _field(described: Mapping[str, Any]) -> LiveField:
    options = _options(described)
    values = [[v for v in _listed(o.get("enum")) if v is not None] for o in options]
    most = [option["maxItems"] for option in options if type(option.get("maxItems")) is int]
    return LiveField(
        values=tuple(chain(*values)) if all(values) else (),
        is_list=set(chain(*map(_types, options))) != {"string"},
        at_most=max(most, default=inf),
    )


def _options(described: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return all that a field may be, but for null."""
    several = _listed(described.get("anyOf")) or _listed(described.get("oneOf")) or [described]
    options = map(_mapping, several)
    return [option for option in options if option.get("type") != "null"]


def _types(option: Mapping[str, Any]) -> Iterator[str]:
    named = option.get("type")
    for name in named if isinstance(named, list) else [named]:
        if isinstance(name, str) and name != "null":
            yield name


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
