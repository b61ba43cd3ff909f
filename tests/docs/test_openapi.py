"""docs/openapi.json is what the functions do: every route, and nothing else."""

import json
import re
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from functions.manage.handler import create_app as manage_app
from functions.submit.handler import create_app as submit_app
from local.template_bridge import load_template
from shared.api.openapi import openapi_document
from shared.api.operation import Operation
from shared.api.operations import OPERATIONS
from tests.docs import openapi
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import ADMIN_KEY, MemoryService
from tests.unit.functions.calling import finish_after

WITH_EXAMPLE = [operation for operation in OPERATIONS if operation.example is not None]


def routes_of_functions() -> set[tuple[str, str]]:
    service = MemoryService()
    found = {
        (str(route.method).lower(), re.sub(r"<(\w+)>", r"{\1}", str(route.path)))
        for app in (submit_app(service), manage_app(service))
        for route in [*app._static_routes, *app._dynamic_routes]  # noqa: SLF001  no public list
    }
    return found | routes_of_the_template()


def routes_of_the_template() -> set[tuple[str, str]]:
    resources = load_template(Path("template.yaml"))["Resources"].values()
    events = [
        event["Properties"]
        for resource in resources
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]
    return {(one["Method"].lower(), one["Path"]) for one in events if "Path" in one}


def test_every_route_of_the_functions_is_in_the_document_and_no_other() -> None:
    described = {(operation.method, operation.path) for operation in OPERATIONS}

    assert described == routes_of_functions()


def test_the_document_is_valid_openapi() -> None:
    validate(openapi_document())


def test_the_file_is_the_document_as_it_is_served() -> None:
    service = MemoryService()
    event = http_event("GET", "/v1/openapi.json")
    answer = Answer.of(manage_app(service).resolve(event, AnyContext()))

    assert answer.status == 200
    assert answer.json == json.loads(openapi.FILE.read_text(encoding="utf-8"))
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.text(), "see tests/docs/openapi.py"


@pytest.mark.parametrize("operation", WITH_EXAMPLE, ids=lambda operation: operation.name)
def test_every_example_is_answered_as_the_document_says(operation: Operation) -> None:
    service = MemoryService()
    finish_after(service, 1)
    key = (
        ADMIN_KEY
        if operation.key == "admin"
        else service.issue_key(tenant="default", name="t").text
    )
    body = json.dumps(operation.example)
    event = http_event(operation.method.upper(), operation.path, body=body, key=key)
    app = submit_app(service) if operation.path in SUBMITTED else manage_app(service)

    answer = Answer.of(app.resolve(event, AnyContext()))

    assert answer.status in operation.answers, answer.body


SUBMITTED = {"/v1/jobs", "/v1/images/generations"}


def test_every_request_has_an_example_or_is_a_form() -> None:
    may_lack = [o for o in OPERATIONS if o.is_form or o.needs]
    without = [o.name for o in OPERATIONS if o.request and o.example is None and o not in may_lack]

    assert without == []
