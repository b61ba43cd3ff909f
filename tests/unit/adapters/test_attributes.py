"""Values in DynamoDB's notation: what boto3 makes of them, and back."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.dynamodb.attributes import from_wire, to_wire

NUMBERS = st.integers(-(10**37), 10**37) | st.decimals(-(10**9), 10**9, places=6)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_it_is_the_notation_of_boto3(value: object) -> None:
    wired: Any = to_wire(value)

    assert wired == TypeSerializer().serialize(value)
    assert from_wire(wired) == TypeDeserializer().deserialize(wired)


def test_a_tuple_lies_there_as_a_list() -> None:
    assert from_wire(to_wire(("a", 1))) == ["a", Decimal(1)]


@pytest.mark.parametrize("value", [0.5, b"bytes", {"a set"}, object()])
def test_what_rows_are_not_made_of_has_no_place(value: object) -> None:
    with pytest.raises(TypeError, match="has no place in the table"):
        to_wire(value)


def test_what_rows_are_not_made_of_is_not_read() -> None:
    with pytest.raises(TypeError, match="of the kind SS"):
        from_wire({"SS": ["a"]})
