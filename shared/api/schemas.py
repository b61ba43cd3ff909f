"""JSON Schemas of what a request for a (model, provider) pair may hold.

They say what `Offer.complaints` says, but for the area and the sides of an explicit size.
"""

from collections.abc import Iterator
from typing import Any

from shared.domain.field_rules import INTEGERS, FieldRule
from shared.domain.offers import Offer
from shared.domain.sizes import written

type Schema = dict[str, Any]


def offer_schema(offer: Offer) -> Schema:
    properties: Schema = {
        "prompt": {"type": "string", "minLength": 1, "maxLength": offer.max_prompt},
        "images": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "maxItems": offer.max_references,
        },
        "n": {"type": "integer", "minimum": 1, "maximum": offer.max_images, "default": 1},
    }
    properties |= {name: _rule_schema(rule) for name, rule in offer.rules.items()}
    conditions = [*_ratios_by_resolution(offer), *_sequences(offer)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["prompt"],
        "properties": properties,
        "additionalProperties": False,
        **_size_stands_alone(offer),
        **({"allOf": conditions} if conditions else {}),
    }


def _rule_schema(rule: FieldRule) -> Schema:
    unsaid = rule.implied if rule.default is None else rule.default
    default = {} if unsaid is None else {"default": unsaid}
    if rule.integer:
        return {"type": "integer", "minimum": INTEGERS[0], "maximum": INTEGERS[-1], **default}
    if rule.boolean:
        return {"type": "boolean", **default}
    sizes = [value for value in rule.values if written(value)]
    words = [value for value in rule.values if value not in sizes]
    schema: Schema = {"type": "string", "enum": words}
    if rule.pixels:
        pattern = r"^[1-9][0-9]{1,4}[xX*][1-9][0-9]{1,4}$"
        schema = _words_or(schema, pattern, str(rule.pixels))
    elif sizes:
        pattern = f"^({'|'.join(size.replace('x', '[xX*]') for size in sizes)})$"
        schema = _words_or(schema, pattern, ", ".join(sizes))
    return schema | default


def _words_or(words: Schema, pattern: str, description: str) -> Schema:
    return {"anyOf": [words, {"type": "string", "pattern": pattern, "description": description}]}


def _size_stands_alone(offer: Offer) -> Schema:
    others = [name for name in ("resolution", "aspect_ratio") if name in offer.rules]
    if not others or "size" not in offer.rules:
        return {}
    return {"dependentSchemas": {name: {"properties": {"size": {"not": {}}}} for name in others}}


def _ratios_by_resolution(offer: Offer) -> Iterator[Schema]:
    """Say which aspect ratios a resolution has, where it has not all of them."""
    if not {"resolution", "aspect_ratio"} <= offer.rules.keys():
        return
    resolution, ratio = offer.rules["resolution"], offer.rules["aspect_ratio"]
    unsaid = resolution.default or resolution.implied
    for name in resolution.values:
        ratios = offer.shaping.aspect_ratios(name)
        if ratios != ratio.values:
            condition: Schema = {"properties": {"resolution": {"const": name}}}
            if name != unsaid:
                condition["required"] = ["resolution"]
            yield {"if": condition, "then": {"properties": {"aspect_ratio": {"enum": [*ratios]}}}}


def _sequences(offer: Offer) -> Iterator[Schema]:
    """Say how many references a sequence leaves room for, by the number of its images."""
    if offer.max_sequence is None:
        return
    for n in range(1, offer.max_images + 1):
        room = offer.max_sequence - n
        if room < offer.max_references:
            asked = {"sequential": {"const": "auto"}, "n": {"minimum": n}}
            condition = {"properties": asked, "required": ["sequential", "n"]}
            yield {"if": condition, "then": {"properties": {"images": {"maxItems": room}}}}
