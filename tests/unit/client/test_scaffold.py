"""`seedhook scaffold` writes what can be read, checked and run."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from client.exit_codes import ExitCode
from client.scaffold import request_of
from client.seedhook import Job
from tests.unit.client.commands import command, said
from tests.unit.client.library.played import a_job, answer

FILES = {"request.json", "generate.sh", "generate.py", "receiver.py", "README.md"}


def nobody(_: httpx.Request) -> httpx.Response:
    raise AssertionError("asked without need")


def test_a_start_needs_no_api(tmp_path: Path) -> None:
    result = command(httpx.MockTransport(nobody))("scaffold", str(tmp_path / "start"))

    assert result.exit_code == ExitCode.OK, result.output
    assert {path.name for path in (tmp_path / "start").iterdir()} == FILES
    assert json.loads((tmp_path / "start/request.json").read_bytes())["model"] == "seedream-4.5"
    assert (tmp_path / "start/generate.sh").stat().st_mode & 0o111
    assert "pip install" in result.stdout


def test_a_start_from_a_job_asks_for_the_same(tmp_path: Path) -> None:
    job = a_job(
        input={"prompt": "a fox", "n": 2, "seed": None, "images": [], "watermark": False},
        tags=["spring"],
        metadata={"order": "1042"},
    )
    run = command(httpx.MockTransport(lambda _: answer(job)))

    told = said(run("scaffold", "--from", "job_1", str(tmp_path / "start"), "--json"))

    assert {Path(file).name for file in told["files"]} == FILES
    assert json.loads((tmp_path / "start/request.json").read_bytes()) == {
        "model": "seedream-4.5",
        "prompt": "a fox",
        "n": 2,
        "watermark": False,
        "tags": ["spring"],
        "metadata": {"order": "1042"},
    }


def test_what_was_not_asked_for_is_not_in_the_request() -> None:
    assert request_of(Job.read(a_job())) == {"model": "seedream-4.5", "prompt": "a fox"}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "generate.py").write_text("mine")

    result = command(httpx.MockTransport(nobody))("scaffold", str(tmp_path))

    assert result.exit_code == ExitCode.WRONG_USAGE
    assert "generate.py would be overwritten" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["generate.py"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = command(httpx.MockTransport(nobody))("scaffold", str(tmp_path / "file/start"))

    assert result.exit_code == ExitCode.WRONG_USAGE
    assert "cannot write" in result.stderr


@pytest.mark.parametrize("name", ["generate.py", "receiver.py"])
def test_the_programs_are_in_order(name: str, tmp_path: Path) -> None:
    command(httpx.MockTransport(nobody))("scaffold", str(tmp_path / "start"))
    file = tmp_path / "start" / name
    ruff = str(Path(sys.executable).with_name("ruff"))
    rules = ["--isolated", "--select", "E,F,I,B,UP", "--line-length", "100"]

    done = subprocess.run(
        [ruff, "check", *rules, str(file)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert ast.get_docstring(ast.parse(file.read_text()))


def test_the_script_is_in_order(tmp_path: Path) -> None:
    command(httpx.MockTransport(nobody))("scaffold", str(tmp_path / "start"))

    subprocess.run(["sh", "-n", tmp_path / "start/generate.sh"], check=True)  # noqa: S607  # any shell
