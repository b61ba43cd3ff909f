"""The catalogue of models and prices: data, in the file beside this one."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from shared.domain.offers import Catalog, Model
from shared.domain.sizes import Presets, Size, written


@cache
def load_catalog() -> Catalog:
    content = json.loads(Path(__file__).with_name("models.json").read_bytes())
    presets = _presets(content["presets"])
    adapter = TypeAdapter(Model)
    for model in content["models"]:
        for offer in model["offers"]:
            offer |= {"model": model["id"], "presets": presets}
    return Catalog(tuple(adapter.validate_python(model) for model in content["models"]))


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
