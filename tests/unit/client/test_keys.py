"""`seedhook keys` and `seedhook usage` against the real API, in memory."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from client.__main__ import app
from client.exit_codes import ExitCode
from tests.http_events import Answer
from tests.memory_service import ADMIN_KEY
from tests.unit.functions.front_door import FrontDoor

type Run = Callable[..., Result]


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


@pytest.fixture
def run(door: FrontDoor) -> Run:
    def handle(request: httpx.Request) -> httpx.Response:
        answer: Answer = door.call(
            request.method,
            request.url.path,
            json.loads(request.content) if request.content else None,
            key=request.headers["authorization"].removeprefix("Bearer "),
            query=dict(request.url.params),
        )
        return httpx.Response(answer.status, headers=answer.headers, text=answer.body)

    def call(*arguments: str, key: str = ADMIN_KEY) -> Result:
        return CliRunner().invoke(
            app,
            [*arguments, "--url", "https://seedhook.example", "--key", key],
            obj=httpx.MockTransport(handle),
            env={"SEEDHOOK_URL": None, "SEEDHOOK_API_KEY": None},
        )

    return call


def created(run: Run, *options: str) -> dict[str, Any]:
    result = run("keys", "create", "--name", "shop", "--json", *options)
    assert result.exit_code == ExitCode.OK, result.output
    return json.loads(result.stdout)


def test_a_key_is_made_with_the_terms_of_its_options(run: Run) -> None:
    key = created(
        run,
        *("--tenant", "acme", "--budget-usd", "50", "--window", "total", "--rate", "10"),
        *("--max-in-flight", "20", "--models", "seedream-4, seedream-4.5"),
        *("--expires", "2027-01-01", "--media-days", "30", "--record-days", "90"),
    )

    assert key["key"].startswith(f"sk_{key['id']}_")
    assert (key["tenant"], key["webhook_secret"][:6]) == ("acme", "whsec_")
    assert (key["budget_usd"], key["window"], key["rate"]) == ("50.000000", "total", 10)
    assert (key["max_in_flight"], key["models"]) == (20, ["seedream-4", "seedream-4.5"])
    assert key["expires_at"] == "2027-01-01T00:00:00.000Z"
    assert key["retention"] == {"media_days": 30, "record_days": 90}


@pytest.mark.parametrize(
    ("options", "budget", "window", "rate"),
    [
        (["--budget", "50/month", "--rate", "10/s"], "50.000000", "month", 10),
        (["--budget-usd", "0.35/total"], "0.350000", "total", None),
        (["--budget", "1", "--window", "total"], "1.000000", "total", None),
        (["--rate", "0.5"], None, None, 0.5),
        ([], None, None, None),
    ],
)
def test_a_budget_can_be_written_with_its_window_and_a_rate_with_its_unit(
    run: Run, options: list[str], budget: str | None, window: str | None, rate: float | None
) -> None:
    key = created(run, *options)

    assert (key["budget_usd"], key["window"], key["rate"]) == (budget, window, rate)


@pytest.mark.parametrize(
    "options",
    [
        ["--budget", "fifty"],
        ["--budget", "50/week"],
        ["--budget", "50/month", "--window", "total"],
        ["--rate", "10/min"],
        ["--window", "week"],
        ["--models", "seedream-9"],
        ["--expires", "yesterday"],
        ["--max-in-flight", "0"],
        ["--media-days", "2"],
        ["--record-days", "0"],
    ],
)
def test_what_makes_no_sense_is_wrong_usage(run: Run, options: list[str]) -> None:
    result = run("keys", "create", "--name", "shop", *options)

    assert result.exit_code == ExitCode.WRONG_USAGE


def test_a_reader_is_told_that_the_key_is_shown_once(run: Run) -> None:
    result = run("keys", "create", "--name", "shop")

    assert "sk_" in result.stdout
    assert "Nobody can show the key again" in result.stdout


def test_the_list_shows_spend_and_no_secret(run: Run, door: FrontDoor) -> None:
    key = created(run, "--budget", "1/total")
    door.post(key)
    door.finish_all()

    as_text, as_json = run("keys", "ls"), run("keys", "ls", "--json")

    assert "$0.035000 in total" in as_text.stdout
    assert "$1.000000/total" in as_text.stdout
    assert json.loads(as_json.stdout)["data"][0]["spend"]["left_usd"] == "0.965000"
    for result in (as_text, as_json):
        assert key["key"] not in result.stdout
        assert key["webhook_secret"] not in result.stdout


def test_a_key_is_revoked_by_its_id(run: Run) -> None:
    key = created(run)

    result = run("keys", "revoke", key["id"])

    assert (result.exit_code, result.stdout) == (ExitCode.OK, f"{key['id']} is revoked\n")
    (listed,) = json.loads(run("keys", "ls", "--json").stdout)["data"]
    assert listed["status"] == "revoked"


def test_a_key_gets_a_new_secret(run: Run) -> None:
    key = created(run)

    rotated = json.loads(run("keys", "rotate", key["id"], "--json").stdout)

    assert rotated["id"] == key["id"]
    assert rotated["key"] != key["key"]
    assert rotated["previous_key_until"]


@pytest.mark.parametrize("key_id", ["0123456789abcdef", "sk_0123456789abcdef_x", "../jobs"])
def test_what_is_no_keys_id_is_wrong_usage(run: Run, key_id: str) -> None:
    assert run("keys", "revoke", key_id).exit_code == ExitCode.WRONG_USAGE
    assert run("keys", "rotate", key_id).exit_code == ExitCode.WRONG_USAGE


def test_an_ordinary_key_is_not_authorised(run: Run) -> None:
    ordinary = created(run)["key"]

    result = run("keys", "ls", key=ordinary)

    assert result.exit_code == ExitCode.NOT_AUTHORISED


def test_usage_is_told_as_text_json_and_csv(run: Run, door: FrontDoor) -> None:
    key = created(run, "--tenant", "default")
    door.post(key, tags=["spring"])
    door.finish_all()

    as_text = run("usage", "--group-by", "tag", key=key["key"])
    as_json = run("usage", "--from", "2026-11-20", "--to", "2026-11-20", "--json", key=key["key"])
    as_csv = run("usage", "--group-by", "provider", "--csv", key=key["key"])

    assert "spring" in as_text.stdout
    assert "$0.035000" in as_text.stdout
    assert json.loads(as_json.stdout)["total"]["spent_usd"] == "0.035000"
    (row,) = csv.DictReader(io.StringIO(as_csv.stdout))
    assert (row["provider"], row["spent_usd"]) == ("apixo", "0.035000")


def test_usage_by_what_nobody_counts_is_wrong_usage(run: Run) -> None:
    result = run("usage", "--group-by", "colour", key=created(run)["key"])

    assert result.exit_code == ExitCode.WRONG_USAGE


@pytest.mark.parametrize(
    "environment",
    [
        {"SEEDHOOK_ADMIN_KEY": ADMIN_KEY},
        {"SEEDHOOK_API_KEY": ADMIN_KEY},
        {"SEEDHOOK_ADMIN_KEY": ADMIN_KEY, "SEEDHOOK_API_KEY": "sk_of_a_tenant"},
    ],
    ids="+".join,
)
def test_the_admin_key_may_come_from_the_environment(
    door: FrontDoor, environment: dict[str, str]
) -> None:
    result = asked(door, "keys", "ls", "--json", **environment)

    assert result.exit_code == ExitCode.OK, result.output


def test_the_admin_key_that_is_given_goes_before_the_environment(door: FrontDoor) -> None:
    environment = {"SEEDHOOK_ADMIN_KEY": "wrong", "SEEDHOOK_API_KEY": "wrong"}

    for option in ("--key", "--admin-key"):
        result = asked(door, "keys", "ls", "--json", option, ADMIN_KEY, **environment)
        assert result.exit_code == ExitCode.OK, result.output


def asked(door: FrontDoor, *arguments: str, **environment: str) -> Result:
    def handle(request: httpx.Request) -> httpx.Response:
        key = request.headers["authorization"].removeprefix("Bearer ")
        answer = door.call(request.method, request.url.path, key=key)
        return httpx.Response(answer.status, headers=answer.headers, text=answer.body)

    names = ("SEEDHOOK_API_KEY", "SEEDHOOK_ADMIN_KEY")
    return CliRunner().invoke(
        app,
        [*arguments, "--url", "https://seedhook.example"],
        obj=httpx.MockTransport(handle),
        env=dict.fromkeys(names) | environment,
    )
