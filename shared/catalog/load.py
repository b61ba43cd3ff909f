"""The catalogue of models and prices: data, in the file beside this one."""

import json
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from shared.domain.offers import Catalog, Model


@cache
def load_catalog() -> Catalog:
    content = json.loads(Path(__file__).with_name("models.json").read_bytes())
    adapter = TypeAdapter(Model)
    for model in content["models"]:
        for offer in model["offers"]:
            offer["model"] = model["id"]
    return Catalog(tuple(adapter.validate_python(model) for model in content["models"]))
