"""What holds for every answer of the HTTP functions, whatever was asked and of whom."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from functions.callback.handler import handle
from local.template_bridge import load_template
from tests.http_events import Answer, http_event
from tests.unit.functions.front_door import FOX, FrontDoor

RESOURCES = load_template(Path("template.yaml"))["Resources"]
GUARDS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
}
OF_A_PAGE = ("cache-control", "content-security-policy")
CALLBACK_ROUTE = "POST /v1/callbacks/{provider}/{job_id}/{attempt}/{token}"


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


def is_guarded(headers: Mapping[str, str]) -> bool:
    """Whether no browser may keep, sniff, frame, script, name or share it, nor ask in the clear."""
    return GUARDS.items() <= dict(headers).items() and not [
        name for name in headers if name.startswith("access-control-")
    ]


def is_guarded_page(headers: Mapping[str, str]) -> bool:
    """Whether a page of the console is guarded like an answer, but for what it is made of."""
    policy = headers.get("content-security-policy", "").split("; ")
    return (
        is_guarded({**headers, **{name: GUARDS[name] for name in OF_A_PAGE}})
        and {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy)
        and not any("unsafe" in source or "*" in source for source in policy)
    )


@pytest.mark.parametrize("path", ["/", "/console/main.js"])
def test_the_pages_of_the_console_are_guarded_too(door: FrontDoor, path: str) -> None:
    answer = door.call("GET", path)

    assert answer.status == 200
    assert is_guarded_page(answer.headers)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/health", 200),
        ("GET", "/v1/openapi.json", 200),
        ("GET", "/v1/jobs", 200),
        ("GET", "/v1/usage?format=csv", 200),
        ("POST", "/v1/jobs", 202),
        ("DELETE", "/v1/webhooks/none", 404),
        ("GET", "/nowhere", 404),
        ("OPTIONS", "/v1/jobs", 404),
        ("POST", "/v1/keys", 403),
        ("POST", "/v1/uploads", 422),
    ],
)
def test_no_browser_may_keep_sniff_frame_or_share_it(
    door: FrontDoor, method: str, path: str, status: int
) -> None:
    path, _, query = path.partition("?")
    headers = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}

    answer = door.call(
        method,
        path,
        FOX,
        key=door.make_key()["key"],
        query=dict([query.split("=")]) if query else {},
        headers=headers,
    )

    assert answer.status == status
    assert is_guarded(answer.headers)


def test_nor_what_tells_of_an_error_of_ours(door: FrontDoor) -> None:
    key = door.make_key()["key"]
    door.service.usage_book = None  # type: ignore[assignment]  # the error

    answer = door.call("GET", "/v1/usage", key=key)

    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert is_guarded(answer.headers)


def test_nor_what_leads_to_an_image(door: FrontDoor) -> None:
    key = door.make_key()
    job = door.post(key).json
    door.finish_all()

    answer = door.call("GET", f"/v1/jobs/{job['id']}/images/0", key=key["key"])

    assert answer.status == 302
    assert is_guarded(answer.headers)


def test_nor_what_a_provider_is_told(door: FrontDoor) -> None:
    event = http_event("POST", "/v1/callbacks", body="{}")

    answer = Answer.of(handle(door.service, event))

    assert answer.status == 404
    assert is_guarded(answer.headers)


def test_the_gateway_shares_nothing_with_other_origins() -> None:
    assert "CorsConfiguration" not in RESOURCES["HttpApi"]["Properties"]


def test_a_flood_of_callbacks_takes_nothing_from_callers() -> None:
    gateway = RESOURCES["HttpApi"]["Properties"]
    callbacks = gateway["RouteSettings"][CALLBACK_ROUTE]

    assert list(gateway["RouteSettings"]) == [CALLBACK_ROUTE]
    for limits in (gateway["DefaultRouteSettings"], callbacks):
        assert limits.keys() == {"ThrottlingBurstLimit", "ThrottlingRateLimit"}
        assert all(isinstance(limit, int) for limit in limits.values())
    event = RESOURCES["CallbackFunction"]["Properties"]["Events"]["Callback"]["Properties"]
    assert f"{event['Method']} {event['Path']}" == CALLBACK_ROUTE


def test_no_function_may_scan_the_table() -> None:
    """Only the watch may, and only the index of what is due: it is empty when nothing is."""
    grants = [
        (name, statement)
        for name, role in RESOURCES.items()
        if role["Type"] == "AWS::IAM::Role"
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "dynamodb:Scan" in str(statement) or "dynamodb:*" in str(statement)
    ]

    ((role, grant),) = grants
    assert (role, grant["Resource"]) == ("WatchRole", {"Fn::Sub": "${Table.Arn}/index/due"})
