import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from client.__main__ import app
from client.exit_codes import ExitCode
from local.errors import UsageError
from local.sandbox.faults.known import KNOWN
from local.sandbox.faults.plan import NO_FAULTS, PlanRefused, read_plan
from local.sandbox.ledger import Provider
from local.stack import chaos_plan
from tests.unit.sandbox.talking import APIXO, InProcess, a_plan

PLACES = {"submit", "answer", "status", "list", "task", "callback", "result", "stream"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "the faults are not a JSON object"),
        ("{", "the faults are not a JSON object"),
        ('{"fal": []}', 'unknown field "fal"; known: seed, apixo, oxen, aimlapi'),
        ('{"seed": "x"}', "seed is not a whole number"),
        ('{"seed": true}', "seed is not a whole number"),
        ('{"oxen": {}}', "oxen is not a list of faults"),
        ('{"oxen": ["task-slow"]}', 'oxen[0] is not an object with the name of a "fault"'),
        ('{"oxen": [{"rate": 1}]}', 'oxen[0] is not an object with the name of a "fault"'),
        (
            '{"apixo": [{"fault": "answer-delayed"}]}',
            "apixo[0] (answer-delayed): seconds is missing",
        ),
        (
            '{"apixo": [{"fault": "task-slow", "speed": 2}]}',
            'apixo[0] (task-slow): unknown field "speed"; known: fault, rate, times, factor',
        ),
        (
            '{"apixo": [{"fault": "task-slow", "rate": 2}]}',
            "apixo[0] (task-slow): rate: Input should be less than or equal to 1",
        ),
        (
            '{"apixo": [{"fault": "task-slow", "times": 0}]}',
            "apixo[0] (task-slow): times: Input should be greater than or equal to 1",
        ),
        (
            '{"apixo": [{"fault": "result-redirect", "to": "home"}]}',
            "apixo[0] (result-redirect): to: not a URL and none of private, file, http, loop, good",
        ),
    ],
)
def test_what_a_plan_cannot_mean_is_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        read_plan(text)

    assert str(refused.value) == complaint


@pytest.mark.parametrize("provider", Provider)
def test_an_unknown_fault_is_answered_with_all_the_known_ones(provider: Provider) -> None:
    with pytest.raises(PlanRefused) as refused:
        read_plan(json.dumps(a_plan(provider, "callback-eaten")))

    known = ", ".join(KNOWN[provider])
    assert str(refused.value) == f'{provider}[0]: unknown fault "callback-eaten"; known: {known}'


def test_every_fault_is_named_after_the_place_where_it_takes_hold() -> None:
    assert {name.partition("-")[0] for known in KNOWN.values() for name in known} == PLACES


def test_a_plan_is_told_as_it_can_be_read_again() -> None:
    plan = read_plan('{"apixo": [{"fault": "answer-delayed", "seconds": 2}], "seed": 7}')

    assert plan.to_json() == {
        "seed": 7,
        "apixo": [{"fault": "answer-delayed", "rate": 1.0, "seconds": 2}],
    }
    assert read_plan(json.dumps(plan.to_json())) == plan


async def codes(sandbox: InProcess, count: int) -> list[int]:
    url = f"{APIXO}/generateTask/seedream-4-5"
    return [(await sandbox.client.post(url, json={})).status_code for _ in range(count)]


@pytest.mark.anyio
async def test_the_same_seed_strikes_at_the_same_opportunities(sandbox: InProcess) -> None:
    some: dict[str, Any] = {"fault": "submit-error", "rate": 0.3}
    seen = []
    for seed in (1, 1, 2):
        await sandbox.suffer("apixo", some, seed=seed)
        seen.append(await codes(sandbox, 40))

    assert seen[0] == seen[1] != seen[2]
    assert 4 <= seen[0].count(500) <= 20


@pytest.mark.anyio
async def test_a_fault_strikes_at_most_as_often_as_it_may(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", {"fault": "submit-error", "times": 2})

    assert await codes(sandbox, 4) == [500, 500, 400, 400]


@pytest.mark.anyio
async def test_a_later_fault_has_its_turn_when_an_earlier_one_is_spent(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", {"fault": "submit-error", "times": 1}, "submit-key-revoked")

    assert await codes(sandbox, 2) == [500, 401]


@pytest.mark.anyio
async def test_faults_of_one_provider_leave_the_others_alone(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", "submit-error")

    assert await codes(sandbox, 1) == [400]


@pytest.mark.anyio
async def test_faults_are_shown_with_what_they_did_and_cleared(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", {"fault": "submit-error", "times": 1}, "callback-dropped")
    await codes(sandbox, 3)
    shown = (await sandbox.client.get("/faults")).json()
    cleared = await sandbox.client.delete("/faults")

    assert shown == {
        "plan": {
            "seed": 0,
            "apixo": [
                {"fault": "submit-error", "rate": 1.0, "times": 1, "status": 500},
                {"fault": "callback-dropped", "rate": 1.0},
            ],
        },
        "struck": {"apixo": {"submit-error": 1, "callback-dropped": 0}},
    }
    assert cleared.status_code == 204
    assert (await sandbox.client.get("/faults")).json() == {"plan": {"seed": 0}, "struck": {}}
    assert await codes(sandbox, 1) == [400]


@pytest.mark.anyio
async def test_a_refused_plan_changes_nothing(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", "submit-error")
    refused = await sandbox.client.put("/faults", content=b'{"apixo": [{"fault": "x"}]}')

    assert refused.status_code == 400
    assert refused.json()["error"].startswith('apixo[0]: unknown fault "x"; known: submit-dropped,')
    assert await codes(sandbox, 1) == [500]


@pytest.mark.anyio
async def test_without_faults_the_ledger_names_none(sandbox: InProcess) -> None:
    await sandbox.apixo()

    assert (await sandbox.row("apixo"))["faults"] == []


def test_the_program_starts_with_the_faults_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "chaos.json"
    file.write_text(json.dumps(a_plan("apixo", "submit-key-revoked")), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "local.sandbox", "--chaos", str(file)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        urls = json.loads(process.stdout.readline())
        shown = httpx.get(urls["faults_url"], trust_env=False).json()
        process.terminate()

    assert shown["plan"]["apixo"][0]["fault"] == "submit-key-revoked"


def test_the_program_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    file = tmp_path / "chaos.json"
    file.write_text('{"apixo": [{"fault": "x"}]}', encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "local.sandbox", "--chaos", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 2
    assert 'unknown fault "x"' in told.stderr


def test_the_stack_reads_its_faults_or_says_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "chaos.json"
    file.write_text(json.dumps(a_plan("oxen", "task-slow", "stream-mute")), encoding="utf-8")
    plan = chaos_plan(file)
    file.write_text('{"oxen": 1}', encoding="utf-8")

    assert plan.names == ("task-slow", "stream-mute")
    assert chaos_plan(None) == NO_FAULTS
    with pytest.raises(UsageError, match="oxen is not a list of faults"):
        chaos_plan(file)
    with pytest.raises(UsageError, match="--chaos"):
        chaos_plan(tmp_path)


def test_up_refuses_faults_that_it_cannot_read(tmp_path: Path) -> None:
    file = tmp_path / "chaos.json"
    file.write_text("{", encoding="utf-8")

    for given in (file, tmp_path / "missing.json"):
        result = CliRunner().invoke(app, ["up", "--chaos", str(given)])
        assert result.exit_code == ExitCode.WRONG_USAGE
