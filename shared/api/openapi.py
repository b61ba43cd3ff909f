"""The OpenAPI 3.1 document: what the operations say, with the schemas that requests are read by."""

import re
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from shared.api.openapi_parts import ANSWERS, TEXT, Schema, listed, ref
from shared.api.operation import Operation
from shared.api.operations import OPERATIONS

VERSION: Final = "0.1.0"
_REF: Final = "#/components/schemas/{model}"
_PLACE: Final = re.compile(r"\{(\w+)\}")
_KEYS: Final = {
    "api": "An API key: sk_...",
    "admin": "The deployment's admin key",
}


@cache
def openapi_document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Schema] = dict(ANSWERS)
    for operation in OPERATIONS:
        schemas |= _request_schemas(operation)
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Seedhook",
            "version": VERSION,
            "summary": "A self-hosted image service for ByteDance's Seedream models",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                name: {"type": "http", "scheme": "bearer", "description": description}
                for name, description in _KEYS.items()
            },
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    places = [
        {"in": "path", "name": name, "required": True, "schema": TEXT}
        for name in _PLACE.findall(operation.path)
    ]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{operation.key: []}] if operation.key else [],
        "responses": _responses(operation),
    }
    if parameters := [*places, *operation.parameters]:
        described["parameters"] = parameters
    if operation.request:
        described["requestBody"] = {"required": True, "content": _content(operation)}
    return described


def _content(operation: Operation) -> dict[str, Any]:
    if operation.is_form:
        return {"multipart/form-data": {"schema": ref("ImageForm")}}
    name = operation.request.__name__ if operation.request else "Document"
    content: dict[str, Any] = {"schema": ref(name)}
    if operation.example is not None:
        content["example"] = dict(operation.example)
    return {"application/json": content}


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): _response(HTTPStatus(status).phrase, answer, "application/json")
        for status, answer in operation.answers.items()
    }
    if operation.headers:
        for response in responses.values():
            response["headers"] = {name: {"schema": TEXT} for name in operation.headers}
    kind = "application/problem+json" if operation.error == "Problem" else "application/json"
    for status, description in operation.refusals.items():
        responses[str(status)] = _response(description, operation.error, kind)
    responses["4XX"] = _response("What is wrong, and who can mend it", operation.error, kind)
    come_again = "A service of AWS does not answer: Retry-After says when to ask again"
    responses.setdefault("503", _response(come_again, operation.error, kind))
    return responses


def _response(description: str, answer: str | None, kind: str) -> dict[str, Any]:
    if answer is None:
        return {"description": description}
    names = answer.split("|")
    schema = ref(names[0]) if len(names) == 1 else {"anyOf": [ref(name) for name in names]}
    return {"description": description, "content": {kind: {"schema": schema}}}


def _request_schemas(operation: Operation) -> dict[str, Schema]:
    if operation.request is None:
        return {}
    schema = operation.request.model_json_schema(ref_template=_REF)
    inner = schema.pop("$defs", {})
    if not operation.is_form:
        return {operation.request.__name__: schema, **inner}
    image = {"type": "string", "contentMediaType": "application/octet-stream"}
    properties = schema["properties"] | {"image": listed(image) | {"minItems": 1, "maxItems": 14}}
    form = {**schema, "title": "ImageForm", "properties": properties}
    return {"ImageForm": form | {"required": [*schema["required"], "image"]}}
