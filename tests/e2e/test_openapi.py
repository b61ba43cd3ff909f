"""What docs/openapi.json promises, asked of the local stack by a machine: bounded, repeatable."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.stack import Stack

pytestmark = pytest.mark.engine

_EXAMPLES: Final = 11  # for each operation
_CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_DOCUMENT: Final = json.loads(Path("docs/openapi.json").read_text(encoding="utf-8"))
_SCHEMA: Any = schemathesis.openapi.from_dict(_DOCUMENT)
_OPERATIONS: Final = [found.ok() for found in _SCHEMA.get_all_operations()]
_bounded: Final = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("operation", _OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_one_that_the_document_promises(stack: Stack, operation: Any) -> None:
    @_bounded
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        case.headers = {
            name: value for name, value in (case.headers or {}).items() if name != "Prefer"
        } | {"Authorization": f"Bearer {stack.api_key}"}
        response = case.call(base_url=stack.api_url, timeout=35)
        case.validate_response(response, checks=_CHECKS)

    ask()
