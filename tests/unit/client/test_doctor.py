"""`seedhook doctor`: each thing that can be wrong is told, with what to do."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from client.checks import Doctor, Finding, Level
from client.exit_codes import ExitCode
from client.seedhook import Patience, Seedhook
from tests.pictures import a_png
from tests.unit.client.commands import URL, command
from tests.unit.client.library.played import KEY, a_job, an_image, answer, problem
from tests.unit.client.library.test_transfers import FORM

NOW = datetime(2026, 11, 20, 12, 10, tzinfo=UTC)
PICTURE = a_png(64, 48)
PROVIDER = {"name": "apixo", "sandbox": True, "callbacks": True, "in_flight": 2, "models": []}
OFFER: dict[str, Any] = {"provider_model": "m", "deliveries": [], "price": None, "schema": {}}
MODEL: dict[str, Any] = {"id": "seedream-4.5", "title": "Seedream 4.5", "aliases": []}


def done(**more: Any) -> dict[str, Any]:
    images = {"images": [an_image(PICTURE)]}
    return a_job("succeeded", 5, completed_at="2026-11-20T12:01:00Z") | images | more


@dataclass
class House:
    """An API that is well, but for what a test breaks."""

    broken: dict[str, httpx.Response] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=lambda: [done()])
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if found := self.broken.get(request.url.path):
            return found
        if request.url.path == "/v1/jobs":
            status = request.url.params.get("status")
            return answer({"data": [j for j in self.jobs if status in (None, j["status"])]})
        return self._whole(request)

    def _whole(self, request: httpx.Request) -> httpx.Response:
        priced = OFFER | {"price": {"usd_per_image": "0.035"}}
        bodies: dict[str, Any] = {
            "/v1/openapi.json": {"info": {"version": "0.1.0"}},
            "/v1/providers": {"data": [PROVIDER]},
            "/v1/models": {"data": [MODEL | {"providers": {"apixo": priced}}]},
            "/v1/uploads": FORM,
            "/v1/jobs/job_1/images": {"data": [an_image(PICTURE)]},
            "/v1/webhooks": {"data": [{"id": "wh_1", "enabled": True, "failing_since": None}]},
        }
        if request.url.path in bodies:
            return answer(bodies[request.url.path])
        if request.url.path == "/v1/health":
            return answer({"status": "ok"}, date="Fri, 20 Nov 2026 12:10:00 GMT")
        return httpx.Response(200, content=PICTURE if request.method == "GET" else b"")


def found(
    house: House,
    *,
    now: datetime = NOW,
    addresses: Callable[[str], list[str]] = lambda _: ["127.0.0.1"],
) -> dict[str, Finding]:
    client = Seedhook(URL, KEY, patience=Patience(tries=1), transport=httpx.MockTransport(house))
    doctor = Doctor(client=client, url=URL, now=lambda: now, clock=lambda: 0.0, resolve=addresses)
    return {finding.what: finding for finding in doctor.findings()}


def test_a_house_in_order_has_nothing_but_ok() -> None:
    findings = found(House())

    assert {one.level for one in findings.values()} == {Level.OK}
    assert list(findings) == [
        *("this side", "api", "clock", "key", "callbacks", "provider apixo"),
        *("models", "uploads", "media", "queues", "webhooks"),
    ]
    assert "version 0.1.0" in findings["api"].told


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(9, Level.OK), (-9, Level.OK), (11, Level.WARN), (-60, Level.WARN), (301, Level.FAIL)],
)
def test_a_clock_that_is_off_is_told(seconds: int, level: Level) -> None:
    finding = found(House(), now=NOW + timedelta(seconds=seconds))["clock"]

    assert finding.level is level
    assert ("ahead of" in finding.told) == (seconds > 10)


def test_an_answer_without_a_date_is_told() -> None:
    house = House({"/v1/health": answer({"status": "ok"})})

    assert found(house)["clock"].level is Level.WARN


@pytest.mark.parametrize(
    "health", [httpx.Response(200, text="<html>"), answer({}), answer([]), httpx.Response(302)]
)
def test_what_is_not_the_api_ends_the_examination(health: httpx.Response) -> None:
    findings = found(House({"/v1/health": health}))

    assert list(findings) == ["this side", "api"]
    assert findings["api"].level is Level.FAIL


def test_a_key_that_opens_nothing_ends_it_too() -> None:
    findings = found(House({"/v1/jobs": answer(problem(401), 401)}))

    assert list(findings)[-1] == "key"
    assert (findings["key"].level, findings["api"].level) == (Level.FAIL, Level.OK)
    assert KEY not in str(findings["key"])


@pytest.mark.parametrize("path", ["/v1/providers", "/v1/models", "/v1/uploads", "/v1/webhooks"])
def test_what_cannot_be_asked_about_hides_nothing_else(path: str) -> None:
    findings = found(House({path: answer(problem(500), 500)}))

    assert [one.what for one in findings.values() if one.level is Level.FAIL] == [path[4:]]
    assert "queues" in findings


@pytest.mark.parametrize(
    ("address", "sandbox", "level", "word"),
    [
        ("8.8.8.8", False, Level.OK, "from outside"),
        ("127.0.0.1", True, Level.OK, "enough for the sandbox"),
        ("127.0.0.1", False, Level.WARN, "polled for"),
        ("10.0.0.1", False, Level.WARN, "polled for"),
        ("fe80::1%eth0", False, Level.WARN, "polled for"),
        (None, False, Level.WARN, "no address"),
    ],
)
def test_who_can_call_back_is_told(
    address: str | None, level: Level, word: str, *, sandbox: bool
) -> None:
    providers = answer({"data": [PROVIDER | {"sandbox": sandbox}]})

    finding = found(
        House({"/v1/providers": providers}), addresses=lambda _: [address] if address else []
    )["callbacks"]

    assert finding.level is level
    assert word in finding.told


def test_the_address_of_callbacks_is_the_one_that_jobs_are_told_under() -> None:
    house = House(jobs=[done(urls={"self": "https://tunnel.example/v1/jobs/job_1"})])
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["8.8.8.8"]

    assert "https://tunnel.example can" in found(house, addresses=resolve)["callbacks"].told
    assert asked == ["tunnel.example"]


def test_a_provider_behind_an_open_breaker_is_told() -> None:
    models = [{"model": "seedream-4.5", "breaker": "open"}, {"model": "x", "breaker": "closed"}]
    busy = PROVIDER | {"models": models, "max_in_flight": 50}

    finding = found(House({"/v1/providers": answer({"data": [busy]})}))["provider apixo"]

    assert (finding.level, finding.told) == (
        *(Level.WARN, "sandbox, 2 in flight of 50; kept from seedream-4.5 after failures"),
    )


def test_a_price_that_nobody_knows_is_told() -> None:
    models = {"data": [MODEL | {"providers": {"oxen": OFFER}}]}

    finding = found(House({"/v1/models": answer(models)}))["models"]

    assert (finding.level, "oxen/seedream-4.5" in finding.told) == (Level.WARN, True)


def test_an_image_that_is_not_what_was_recorded_is_told() -> None:
    findings = found(House({"/0.png": httpx.Response(200, content=b"other")}))

    assert findings["media"].level is Level.FAIL


def test_a_bucket_that_takes_nothing_is_told() -> None:
    assert found(House({"/": httpx.Response(403)}))["uploads"].level is Level.FAIL


def test_without_jobs_there_is_no_image_to_look_at() -> None:
    assert found(House(jobs=[]))["media"].level is Level.OK


@pytest.mark.parametrize("status", ["queued", "submitting", "storing"])
def test_a_job_that_waits_too_long_is_told(status: str) -> None:
    house = House(jobs=[done(), a_job(status)])

    finding = found(house)["queues"]

    assert (finding.level, f"job_1 is {status} since" in finding.told) == (Level.WARN, True)
    asked = [one.url.params for one in house.asked if "until" in one.url.params]
    assert asked[0]["until"] == "2026-11-20T12:05:00+00:00"


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ({"enabled": False, "failing_since": None}, "disabled"),
        ({"enabled": True, "failing_since": "2026-11-20T12:00:00Z"}, "failing"),
    ],
)
def test_an_endpoint_that_fails_is_told(state: dict[str, Any], word: str) -> None:
    webhooks = answer({"data": [{"id": "wh_1"} | state]})

    finding = found(House({"/v1/webhooks": webhooks}))["webhooks"]

    assert (finding.level, finding.told) == (Level.WARN, f"wh_1 is {word}")


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({}, ExitCode.OK),
        ({"/v1/health": httpx.Response(302)}, ExitCode.UNREACHABLE),
        ({"/v1/jobs": answer(problem(403), 403)}, ExitCode.NOT_AUTHORISED),
        ({"/v1/uploads": answer(problem(403), 403)}, ExitCode.JOB_FAILED),
    ],
)
def test_the_exit_code_is_that_of_the_first_failure(
    broken: dict[str, httpx.Response], code: ExitCode
) -> None:
    # By the command's own clock, this API is no more than a second off.
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    house = House({"/v1/health": answer({"status": "ok"}, date=date)} | broken)
    run = command(httpx.MockTransport(house))

    as_text, as_json = run("doctor"), run("doctor", "--json")

    assert (as_text.exit_code, as_json.exit_code) == (code, code)
    document = json.loads(as_json.stdout)
    assert document["ok"] is (code is ExitCode.OK)
    assert document["findings"][0]["what"] == "this side"
    assert as_text.stdout.startswith("ok    this side: seedhook ")
