"""Values in DynamoDB's own notation.

boto3 can do this too, but brings its resources and transfers along: of no use, and a part of every
cold start.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

type Attribute = dict[str, Any]


def to_wire(value: object) -> Attribute:
    """Only what rows are made of: a float has no exact place in a table."""
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": {name: to_wire(one) for name, one in value.items()}}
        case list() | tuple():
            return {"L": [to_wire(one) for one in value]}
        case _:
            raise TypeError(f"a {type(value).__name__} has no place in the table")


def from_wire(attribute: Mapping[str, Any]) -> Any:
    ((kind, content),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return Decimal(content)
        case "NULL":
            return None
        case "M":
            return {name: from_wire(one) for name, one in content.items()}
        case "L":
            return [from_wire(one) for one in content]
        case _:
            raise TypeError(f"nothing in the table is of the kind {kind}")
