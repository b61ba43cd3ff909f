"""`seedhook jobs` against the real API, in memory; `seedhook batch` against a played one."""

import json
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from client.exit_codes import ExitCode
from client.jobs_view import age, cost, overview
from client.seedhook import Job
from tests.unit.client.commands import Run, command, said
from tests.unit.client.in_memory import transport_of
from tests.unit.client.library.played import Play, Played, a_job, answer, problem
from tests.unit.client.library.test_following import a_batch
from tests.unit.client.library.test_transfers import FORM
from tests.unit.functions.front_door import FrontDoor


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


@pytest.fixture
def run(door: FrontDoor) -> Run:
    return command(transport_of(door), key=door.make_key(tenant="default")["key"])


def made(run: Run, *options: str) -> str:
    return said(run("generate", "a fox", "--provider", "apixo", "--json", *options))["id"]


def playing(*answers: Play) -> tuple[Run, Played]:
    played = Played(deque(answers))
    return command(httpx.MockTransport(played)), played


def test_jobs_are_listed_and_found(run: Run, door: FrontDoor) -> None:
    first = made(run, "--tag", "spring")
    door.finish_all()
    door.service.time.sleep(1)
    second = made(run)

    as_text = run("jobs", "ls").stdout
    found = said(run("jobs", "ls", "--status", "succeeded", "--tag", "spring", "--json"))

    assert as_text.index(second) < as_text.index(first)
    assert "succeeded" in as_text
    assert "1/1" in as_text
    assert [job["id"] for job in found] == [first]


def test_a_list_is_as_long_as_was_asked(run: Run, door: FrontDoor) -> None:
    made(run)
    door.service.time.sleep(1)
    last = made(run)

    assert [job["id"] for job in said(run("jobs", "ls", "--limit", "1", "--json"))] == [last]


def test_a_job_is_shown_whole(run: Run, door: FrontDoor) -> None:
    job_id = made(run)
    door.finish_all()

    text = run("jobs", "get", job_id).stdout

    for word in (job_id, "succeeded", "1 of 1 images", "attempt 1 at apixo", "image 0:"):
        assert word in text
    assert f"seedhook jobs get {job_id} --out DIR" in text
    assert said(run("jobs", "get", job_id, "--json"))["status"] == "succeeded"


def test_a_job_that_is_over_is_watched_to_its_end_at_once(run: Run, door: FrontDoor) -> None:
    job_id = made(run)
    door.finish_all()

    result = run("jobs", "watch", job_id)

    assert result.exit_code == ExitCode.OK
    assert f"{job_id}: succeeded" in result.stdout


def test_a_job_is_called_off(run: Run) -> None:
    job_id = made(run)

    assert said(run("jobs", "cancel", job_id, "--json"))["status"] == "cancelled"
    assert run("jobs", "watch", job_id).exit_code == ExitCode.JOB_FAILED


def test_a_failed_job_is_tried_again() -> None:
    run, api = playing(answer(a_job("queued", 5), 202), answer(a_job("succeeded", 6)))

    result = run("jobs", "retry", "job_1", "--wait")

    assert result.exit_code == ExitCode.OK
    assert api.lines == ["POST /v1/jobs/job_1/retry", "GET /v1/jobs/job_1"]


def test_what_cannot_be_retried_is_wrong_usage(run: Run) -> None:
    result = run("jobs", "retry", made(run))

    assert result.exit_code == ExitCode.WRONG_USAGE
    assert "409" in result.stderr


def test_jobs_are_removed_one_after_the_other(run: Run, door: FrontDoor) -> None:
    ids = [made(run), made(run)]
    door.finish_all()

    result = run("jobs", "rm", *ids, "--json")

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ids
    assert said(run("jobs", "ls", "--json")) == []


def test_a_job_that_is_not_there_is_told(run: Run) -> None:
    result = run("jobs", "get", "job_01M7WD7TG0000G40R40M30E200")

    assert result.exit_code == ExitCode.WRONG_USAGE
    assert "404" in result.stderr


def test_what_a_job_costs_is_told_as_far_as_it_is_known() -> None:
    prices = {"estimated_usd": "0.07", "charged_usd": "0.035"}
    jobs = [Job.read(a_job(cost=prices | known)) for known in ({}, {"charged_usd": None})]
    unknown = Job.read(a_job(cost={"estimated_usd": None, "charged_usd": None}))

    assert [cost(job) for job in (*jobs, unknown)] == ["$0.035", "about $0.07", "cost unknown"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-3, "0 s"), (59, "59 s"), (61, "1 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_an_age_is_told_in_one_unit(seconds: int, told: str) -> None:
    assert age(timedelta(seconds=seconds)) == told


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "a fox"}\n')
    return file


def test_a_batch_is_started_with_its_bounds(rows: Path) -> None:
    run, api = playing(answer(FORM, 201), httpx.Response(204), answer(a_batch(), 202))

    result = run("batch", str(rows), "--max-usd", "5", "--max-in-flight", "2")

    assert result.exit_code == ExitCode.OK
    assert "batch_1 running: 0 of 4 done" in result.stdout
    expected = {"upload": FORM["id"], "max_usd": "5", "max_in_flight": 2}
    assert api.bodies_of(api.asked[-1]) == expected


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({"succeeded": 4}, ExitCode.OK),
        ({"succeeded": 3, "failed": 1}, ExitCode.JOB_FAILED),
        ({"succeeded": 3, "refused": 1}, ExitCode.JOB_FAILED),
    ],
)
def test_a_batch_is_followed_to_its_end(rows: Path, counts: dict[str, int], code: int) -> None:
    over = a_batch("completed", **counts) | {"report": "batches/rows.report.jsonl"}
    run, _ = playing(answer(FORM, 201), httpx.Response(204), answer(a_batch(), 202), answer(over))

    result = run("batch", str(rows), "--wait")

    assert result.exit_code == code
    assert "batch_1 completed: 4 of 4 done" in result.stdout
    assert "batches/rows.report.jsonl" in result.stdout


def test_a_batch_that_was_started_is_named_whatever_goes_wrong_later(rows: Path) -> None:
    run, _ = playing(
        answer(FORM, 201),
        httpx.Response(204),
        answer(a_batch(), 202),
        answer(problem(401), 401),
    )

    result = run("batch", str(rows), "--wait")

    assert result.exit_code == ExitCode.NOT_AUTHORISED
    assert "batch_1 was started" in result.stderr


def test_patience_with_a_batch_is_exit_code_5(rows: Path) -> None:
    run, _ = playing(
        answer(FORM, 201), httpx.Response(204), answer(a_batch(), 202), answer(a_batch())
    )

    result = run("batch", str(rows), "--wait", "--timeout", "0", "--json")

    assert result.exit_code == ExitCode.TIMED_OUT
    assert json.loads(result.stdout)["id"] == "batch_1"


def test_ages_are_counted_from_now() -> None:

    table = overview([Job.read(a_job())], datetime(2026, 11, 20, 12, 5, tzinfo=UTC))

    assert list(table.columns[6].cells) == ["5 min"]
