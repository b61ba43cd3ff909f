"""`seedhook generate` and `edit`: the request, the exit code, the words."""

import json
from collections import deque
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.exit_codes import ExitCode
from tests.pictures import a_png
from tests.unit.client.commands import Run, command, said
from tests.unit.client.in_memory import transport_of
from tests.unit.client.library.played import Play, Played, a_job, an_image, answer, problem
from tests.unit.client.library.test_transfers import FORM
from tests.unit.functions.front_door import FrontDoor

PICTURE = a_png(64, 48)


def playing(*answers: Play) -> tuple[Run, Played]:
    played = Played(deque(answers))
    return command(httpx.MockTransport(played)), played


@pytest.fixture
def run() -> Run:
    door = FrontDoor()
    return command(transport_of(door), key=door.make_key(tenant="default")["key"])


def test_every_option_is_a_field_of_the_request() -> None:
    run, api = playing(answer(a_job(), 202))
    options = {
        "--model": "seedream-4",
        "--n": "2",
        "--resolution": "2K",
        "--aspect-ratio": "16:9",
        "--size": "2K",
        "--seed": "7",
        "--output-format": "png",
        "--provider": "oxen, apixo",
        "--delivery": "poll",
        "--on-unknown": "retry",
        "--start-by": "60",
        "--finish-by": "2026-11-20T13:00:00Z",
        "--tag": "spring",
        "--metadata": "order=10=42",
        "--webhook-url": "https://shop.example/",
        "--idempotency-key": "order-1042",
    }
    flat = [word for pair in options.items() for word in pair]

    result = run("generate", "a fox", *flat, "--no-watermark", "--no-failover")

    assert result.exit_code == ExitCode.OK, result.output
    assert api.bodies() == [
        {
            "model": "seedream-4",
            "prompt": "a fox",
            "n": 2,
            "resolution": "2K",
            "aspect_ratio": "16:9",
            "size": "2K",
            "seed": 7,
            "output_format": "png",
            "watermark": False,
            "provider": ["oxen", "apixo"],
            "delivery": "poll",
            "failover": "off",
            "on_unknown": "retry",
            "start_by": 60.0,
            "finish_by": "2026-11-20T13:00:00Z",
            "tags": ["spring"],
            "metadata": {"order": "10=42"},
            "webhook_url": "https://shop.example/",
        }
    ]
    assert api.asked[0].headers["idempotency-key"] == "order-1042"


def test_a_job_is_told_as_it_was_admitted(run: Run) -> None:
    as_text, document = run("generate", "a fox"), said(run("generate", "a fox", "--json"))

    assert as_text.stdout.startswith("job_")
    assert "a sandbox" in as_text.stdout
    assert (document["status"], document["input"]["prompt"]) == ("queued", "a fox")


def test_a_rehearsal_prices_and_makes_nothing(run: Run) -> None:
    text = run("generate", "a fox", "--n", "2", "--provider", "apixo", "--dry-run").stdout

    assert "2 images, about $0.0700; nothing was made" in text.replace("0.070000", "0.0700")
    assert said(run("generate", "a fox", "--dry-run", "--json"))["dry_run"] is True
    assert said(run("jobs", "ls", "--json")) == []


def test_images_are_kept_and_named(tmp_path: Path) -> None:
    over = a_job("succeeded", 2, images=[an_image(PICTURE)], delivered_images=1)
    links = answer({"data": [an_image(PICTURE)]})
    run, _ = playing(
        answer(a_job(), 202), answer(over), links, httpx.Response(200, content=PICTURE)
    )

    result = run("generate", "a fox", "--out", str(tmp_path / "out"))

    file = tmp_path / "out/job_1-0.png"
    assert (result.exit_code, file.read_bytes()) == (ExitCode.OK, PICTURE)
    assert f"{file}  image 0: 1x1 image/png" in result.stdout
    assert "s  job_1: succeeded" in result.stdout
    assert "\x1b" not in result.stdout


def test_a_place_that_cannot_be_written_is_told_with_the_job(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    over = a_job("succeeded", 2, images=[an_image(PICTURE)])
    run, _ = playing(answer(a_job(), 202), answer(over), answer({"data": [an_image(PICTURE)]}))

    result = run("generate", "a fox", "--out", str(tmp_path / "file/out"))

    assert result.exit_code == ExitCode.WRONG_USAGE
    assert "job_1 was made" in result.stderr
    assert "cannot write" in result.stderr


def test_json_is_one_document_and_progress_goes_elsewhere(tmp_path: Path) -> None:
    over = a_job("succeeded", 2, images=[an_image(PICTURE)])
    links = answer({"data": [an_image(PICTURE)]})
    run, _ = playing(
        answer(a_job(), 202), answer(over), links, httpx.Response(200, content=PICTURE)
    )

    result = run("generate", "a fox", "--wait", "--out", str(tmp_path), "--json")

    assert said(result)["files"] == [str(tmp_path / "job_1-0.png")]
    assert "job_1: succeeded" in result.stderr


@pytest.mark.parametrize("status", ["partial", "failed", "cancelled", "expired"])
def test_a_job_that_did_not_bring_all_is_exit_code_1(status: str) -> None:
    fault = {"code": "content_policy", "message": "not this", "who": "provider", "retryable": False}
    run, _ = playing(answer(a_job(), 202), answer(a_job(status, 2, error=fault)))

    result = run("generate", "a fox", "--wait")

    assert result.exit_code == ExitCode.JOB_FAILED
    assert "content_policy: not this (at fault: provider)" in result.stdout


def test_what_a_provider_wrote_moves_no_cursor() -> None:
    fault = {"code": "x", "message": "\x1b[2Jbad\r", "who": "provider", "retryable": False}
    refused = problem(422, detail="\x1b]0;bad\a")
    run, _ = playing(
        answer(a_job(), 202), answer(a_job("failed", 2, error=fault)), answer(refused, 422)
    )

    failed, refusal = run("generate", "a fox", "--wait"), run("generate", "a fox")

    assert "\x1b" not in failed.stdout + refusal.stderr
    assert "\ufffd[2Jbad\ufffd" in failed.stdout
    assert "bad" in refusal.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("callbacks", "replay"),
        ("jobs", "ls"),
        ("keys", "ls"),
        ("models", "ls"),
        ("usage",),
        ("webhooks", "ls"),
    ],
)
def test_a_refusal_moves_no_cursor_whatever_was_asked(words: tuple[str, ...]) -> None:
    run, _ = playing(answer(problem(422, detail="\x1b]0;bad\a"), 422))

    refusal = run(*words)

    assert refusal.exit_code == ExitCode.WRONG_USAGE
    assert refusal.stderr == "seedhook: the API answered 422: \ufffd]0;bad\ufffd\n"


def test_patience_that_ends_is_exit_code_5_and_the_job_is_told() -> None:
    run, _ = playing(answer(a_job(), 202), answer(a_job("processing", 2)))

    result = run("generate", "a fox", "--wait", "--timeout", "0", "--json")

    assert result.exit_code == ExitCode.TIMED_OUT
    assert json.loads(result.stdout)["status"] == "processing"


@pytest.mark.parametrize(
    "later",
    [
        [answer(problem(401), 401)],
        [answer(a_job("succeeded", 2, images=[an_image(PICTURE)])), answer({"data": []})],
    ],
)
def test_a_job_that_was_made_is_named_whatever_goes_wrong_later(
    later: list[Play], tmp_path: Path
) -> None:
    run, _ = playing(answer(a_job(), 202), *later)

    result = run("generate", "a fox", "--out", str(tmp_path), "--json")

    assert result.exit_code != ExitCode.OK
    assert "job_1 was made: seedhook jobs watch job_1" in result.stderr


def test_ctrl_c_leaves_the_job_and_says_how_to_find_it() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return answer(a_job(), 202)
        raise KeyboardInterrupt

    result = command(httpx.MockTransport(handle))("generate", "a fox", "--wait")

    assert result.exit_code == ExitCode.TIMED_OUT
    assert "job_1 goes on: seedhook jobs watch job_1" in result.stderr


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (answer(problem(422), 422), ExitCode.WRONG_USAGE),
        (answer(problem(402), 402), ExitCode.WRONG_USAGE),
        (answer(problem(401), 401), ExitCode.NOT_AUTHORISED),
        (answer(problem(403), 403), ExitCode.NOT_AUTHORISED),
        (answer(problem(429), 429, retry_after="900"), ExitCode.UNREACHABLE),
        (httpx.Response(302), ExitCode.UNREACHABLE),
        (httpx.Response(200, text="<html>"), ExitCode.UNREACHABLE),
        (httpx.Response(501), ExitCode.UNREACHABLE),
    ],
)
def test_each_refusal_has_its_exit_code(refusal: httpx.Response, code: ExitCode) -> None:
    run, _ = playing(refusal)

    result = run("generate", "a fox")

    assert result.exit_code == code
    assert result.stderr.startswith("seedhook: ")
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate"],
        ["generate", "a fox", "--n", "11"],
        ["generate", "a fox", "--metadata", "order"],
        ["generate", "a fox", "--metadata", "=1042"],
        ["generate", "a fox", "--timeout", "-1"],
        ["edit", "--prompt", "at night"],
        ["edit", "gone.png"],
        ["edit", "gone.png", "--prompt", "at night"],
    ],
)
def test_wrong_usage_asks_nobody(arguments: list[str]) -> None:
    run, api = playing()

    assert run(*arguments).exit_code == ExitCode.WRONG_USAGE
    assert api.asked == []


def test_an_edit_uploads_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    run, api = playing(answer(FORM, 201), httpx.Response(204), answer(a_job(), 202))

    result = run("edit", str(tmp_path / "a.png"), "job:job_0/1", "--prompt", "at night")

    assert result.exit_code == ExitCode.OK, result.output
    body: dict[str, Any] = api.bodies_of(api.asked[-1])
    assert (body["prompt"], body["images"]) == ("at night", [FORM["id"], "job:job_0/1"])
