"""The catalogue of models and prices: data, in the file beside this one.

It is built by hand, without a library's checks: each cold start would pay for them, and the file is
ours. A test holds what is built here to the types of the domain.
"""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from shared.domain.field_rules import FieldRule
from shared.domain.offers import Catalog, Model, Offer, Pacing, Price
from shared.domain.sizes import PixelLimits, Presets, Size, written
from shared.domain.translation import Dimensions

FILE: Final = Path(__file__).with_name("models.json")

type _Content = dict[str, Any]


@cache
def load_catalog() -> Catalog:
    content = json.loads(FILE.read_bytes())
    presets = _presets(content["presets"])
    return Catalog(tuple(_model(model, presets) for model in content["models"]))


def _model(content: _Content, presets: Presets) -> Model:
    offers = [_offer(offer, content["id"], presets) for offer in content["offers"]]
    built = {"offers": tuple(offers), "aliases": tuple(content.get("aliases", ()))}
    return Model(**content | built)


def _offer(content: _Content, model: str, presets: Presets) -> Offer:
    built: _Content = {
        "model": model,
        "presets": presets,
        "provider_aliases": tuple(content.get("provider_aliases", ())),
        "deliveries": tuple(content["deliveries"]),
        "rules": {name: _rule(rule) for name, rule in content["rules"].items()},
        "filled": {name: tuple(values) for name, values in content.get("filled", {}).items()},
        "dimensions": Dimensions(content["dimensions"]),
        "pacing": _pacing(content["pacing"]),
        "pacing_by_resolution": {
            resolution: _pacing(pacing)
            for resolution, pacing in content.get("pacing_by_resolution", {}).items()
        },
        "price": _price(content["price"]) if content.get("price") else None,
    }
    return Offer(**content | built)


def _rule(content: _Content) -> FieldRule:
    pixels = PixelLimits(**content["pixels"]) if content.get("pixels") else None
    values = tuple(content.get("values", ()))
    return FieldRule(**content | {"values": values, "pixels": pixels})


def _pacing(content: _Content) -> Pacing:
    typical = tuple(content["typical"]) if content.get("typical") else None
    return Pacing(**content | {"typical": typical})


def _price(content: _Content) -> Price:
    return Price(**content | {"usd_per_image": Decimal(content["usd_per_image"])})


def _presets(content: dict[str, dict[str, Any]]) -> Presets:
    return {
        resolution: {ratio: _size(text) for ratio, text in ratios.items()}
        for resolution, ratios in content.items()
    }


def _size(text: str) -> Size:
    size = written(text)
    if size is None:
        raise ValueError(f"{text!r} is no size")
    return size
