"""One route of the API, as its documentation tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from shared.api.openapi_parts import TEXT, Schema

type Parameter = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`answers` are the schemas by status; errors are problems unless `error` says otherwise."""

    method: str
    path: str
    name: str
    summary: str
    answers: Mapping[int, str | None]
    request: type[BaseModel] | None = None
    is_form: bool = False
    example: Mapping[str, Any] | None = None
    parameters: Sequence[Parameter] = ()
    error: str = "Problem"
    refusals: Mapping[int, str] = field(default_factory=dict)  # worth a word of their own
    key: str | None = "api"  # which key it takes: of the API, the deployment's admin key, or none
    headers: Sequence[str] = field(default_factory=tuple)
    needs: str = ""  # what must be there before an example could be answered


def in_query(name: str, description: str, schema: Schema = TEXT) -> Parameter:
    return {"in": "query", "name": name, "description": description, "schema": schema}


def in_header(name: str, description: str) -> Parameter:
    return {"in": "header", "name": name, "description": description, "schema": TEXT}


def up_to(most: int, *, least: int = 0) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}
