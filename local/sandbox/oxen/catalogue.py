"""What `/api/ai/models` tells about a model."""

from decimal import Decimal

from pydantic import JsonValue

from local.sandbox.oxen.models import REQUESTS
from local.sandbox.strict import JSON_OBJECT

PRICE_USD = Decimal("0.04")

NAMES = {
    "bytedance-seedream-4": ("Seedream 4.0", "2025-09-09"),
    "bytedance-seedream-4-5": ("Seedream 4.5", "2025-12-03"),
    "bytedance-seedream-5-lite": ("Seedream 5.0 Lite", "2026-02-24"),
}


def describe(model: str) -> dict[str, JsonValue]:
    name, released = NAMES[model]
    return {
        "id": model,
        "object": "model",
        "created": 0,
        "owned_by": "bytedance",
        "display_name": name,
        "description": f"{name}, as the sandbox plays it",
        "summary": name,
        "model_type": "image",
        "endpoint": "/images/generate",
        "capabilities": {"input": ["text", "image"], "output": ["image"]},
        "pricing": {"method": "per_image", "cost_per_image": float(PRICE_USD)},
        "deployments": [],
        "developer": {"name": "bytedance"},
        "released_at": released,
        "json_request_schema": _schema(model),
    }


def _schema(model: str) -> dict[str, JsonValue]:
    schema = REQUESTS[model].model_json_schema()
    fields = {name: _field(field) for name, field in schema["properties"].items()}
    kept = {key: schema[key] for key in ("type", "required", "additionalProperties")}
    return JSON_OBJECT.validate_python({**kept, "properties": fields})


def _field(field: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Leave out what pydantic adds: titles, and null as the default of an absent field."""
    absent = "default" in field and field["default"] is None
    left_out = {"title", "default"} if absent else {"title"}
    return {key: value for key, value in field.items() if key not in left_out}
