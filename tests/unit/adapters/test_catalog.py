"""The catalogue's file says what the domain's types demand: nothing checks it at run time."""

import json

from pydantic import TypeAdapter

from shared.catalog.load import FILE, load_catalog
from shared.domain.offers import Model


def test_what_is_loaded_is_what_a_strict_reader_of_the_types_would_load() -> None:
    content = json.loads(FILE.read_bytes())
    presets = load_catalog().models[0].offers[0].presets
    for model in content["models"]:
        for offer in model["offers"]:
            offer |= {"model": model["id"], "presets": presets}

    checked = tuple(TypeAdapter(Model).validate_python(model) for model in content["models"])

    assert load_catalog().models == checked
