"""Request bodies that take nothing they do not know, and errors told in a line."""

import json
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    JsonValue,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError


def _is_json_again(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Refuse NaN and numbers too large for a float: no answer could echo them."""
    json.dumps(value, allow_nan=False)
    return value


JSON_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(
    Annotated[dict[str, JsonValue], AfterValidator(_is_json_again)]
)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _null_is_no_value(cls, value: object) -> object:
        if value is None:
            raise PydanticCustomError("null", "Input should not be null")
        return value


def broken(rule: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{rule}", {"rule": rule})


def explain(problem: ValidationError) -> str:
    first = problem.errors(include_url=False)[0]
    match first["type"]:
        case "missing":
            return f"Missing required field: {path(first)}"
        case "extra_forbidden":
            return f"Unknown field: {path(first)}"
        case "rule":
            return first["msg"]
        case _:
            return f"Invalid value for {path(first) or 'the body'}: {first['msg']}"


def path(detail: ErrorDetails) -> str:
    return ".".join(str(part) for part in detail["loc"])
