"""The `seedhook` command as a program of its own, against the real template."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from client.exit_codes import ExitCode
from local.ports import LOOPBACK, free_port
from local.stack import Stack, StackOptions, running_stack
from tests.e2e.running import environment
from tests.patience import PATIENCE_SECONDS
from tests.pictures import a_png

pytestmark = pytest.mark.engine

RECEIVER_PORT = free_port()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    options = StackOptions(
        port=0,
        latency=0,
        strict=True,
        environ={},
        allow_loopback=(f"{LOOPBACK}:{RECEIVER_PORT}",),
    )
    with running_stack(options) as stack:
        yield stack


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands in a folder of their own, where they find the stack by the environment."""

    stack: Stack
    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        where = {"SEEDHOOK_URL": self.stack.api_url, "SEEDHOOK_API_KEY": self.stack.api_key}
        return environment(self.folder, **where)

    def run(self, *command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def seedhook(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "client", *arguments, **more)

    def document(self, *arguments: str) -> Any:
        """Return what a command that goes well says with --json."""
        done = self.seedhook(*arguments, "--json")
        assert done.returncode == ExitCode.OK, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> Shell:
    return Shell(stack, tmp_path)


def opened(file: Path) -> tuple[int, int]:
    with Image.open(file) as picture:
        picture.load()
        return picture.size


def test_generate_shows_progress_and_saves_its_pictures(shell: Shell) -> None:
    done = shell.seedhook(
        *("generate", "a fox in watercolor", "--n", "2", "--wait", "--out", "DIR"),
    )

    assert done.returncode == ExitCode.OK, done.stderr
    assert [opened(file) for file in (shell.folder / "DIR").iterdir()] == [(2048, 2048)] * 2
    assert "succeeded" in done.stdout
    assert "\x1b" not in done.stdout
    for file in (shell.folder / "DIR").iterdir():
        assert f"DIR/{file.name}  image" in done.stdout


def test_on_a_terminal_it_moves_and_draws(shell: Shell) -> None:
    """`script` gives the command a terminal, which says that it is kitty."""
    words = f"{sys.executable} -m client generate fox --out DIR"

    done = shell.run("script", "-qec", words, "/dev/null", TERM="xterm-kitty")

    assert done.returncode == ExitCode.OK, done.stdout
    assert "\x1b[" in done.stdout
    assert "\x1b_Ga=T,f=100" in done.stdout


def test_an_edit_is_made_from_a_file_and_told_as_json(shell: Shell) -> None:
    (shell.folder / "sketch.png").write_bytes(a_png(640, 480))

    job = shell.document(
        *("edit", "sketch.png", "--prompt", "at night", "--provider", "oxen", "--out", "out"),
    )

    assert job["status"] == "succeeded"
    (file,) = job["files"]
    assert (shell.folder / file).stat().st_size == job["images"][0]["bytes"]


def test_jobs_are_listed_shown_called_off_and_removed(shell: Shell) -> None:
    made = shell.document("generate", "a fox", "--tag", "commands", "--provider", "apixo")
    watched = shell.document("jobs", "watch", made["id"])

    (listed,) = shell.document("jobs", "ls", "--tag", "commands")
    table = shell.seedhook("jobs", "ls", "--tag", "commands").stdout
    shown = shell.seedhook("jobs", "get", made["id"], "--out", "kept")
    cancelled = shell.document("jobs", "cancel", made["id"])
    removed = shell.document("jobs", "rm", made["id"])

    assert (watched["status"], cancelled["status"]) == ("succeeded", "succeeded")
    assert (listed["id"], made["id"] in table) == (made["id"], True)
    assert shown.returncode == ExitCode.OK
    assert len(list((shell.folder / "kept").iterdir())) == 1
    assert removed == {"id": made["id"], "removed": True}
    assert shell.seedhook("jobs", "get", made["id"]).returncode == ExitCode.WRONG_USAGE


def test_a_failed_job_is_exit_code_1_and_can_be_tried_again(shell: Shell) -> None:
    faults = f"{shell.stack.sandbox_url}/faults"
    refused = {"apixo": [{"fault": "task-refused", "times": 1}]}
    httpx.put(faults, json=refused, trust_env=False).raise_for_status()

    failed = shell.seedhook(
        *("generate", "a fox", "--provider", "apixo", "--no-failover", "--wait", "--json")
    )
    job = json.loads(failed.stdout)
    again = shell.document("jobs", "retry", job["id"], "--wait")

    assert (failed.returncode, job["status"]) == (ExitCode.JOB_FAILED, "failed")
    assert (again["id"], again["status"], len(again["attempts"])) == (job["id"], "succeeded", 2)


def test_a_batch_shows_its_counts(shell: Shell) -> None:
    rows = [{"model": "seedream-4.5", "prompt": f"row {n}"} for n in (1, 2)]
    (shell.folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))

    done = shell.seedhook("batch", "rows.jsonl", "--max-usd", "1", "--wait")

    assert done.returncode == ExitCode.OK, done.stderr
    assert "completed: 2 of 2 done" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "word"),
    [
        (["generate", "a fox", "--resolution", "9K"], {}, ExitCode.WRONG_USAGE, "/resolution"),
        (["generate", "a fox", "--n", "11"], {}, ExitCode.WRONG_USAGE, "--n"),
        (["generate"], {}, ExitCode.WRONG_USAGE, "PROMPT"),
        (
            ["generate", "a fox"],
            {"SEEDHOOK_URL": f"http://{LOOPBACK}:{free_port()}"},
            ExitCode.UNREACHABLE,
            "cannot reach",
        ),
        (
            ["generate", "a fox"],
            {"SEEDHOOK_API_KEY": "sk_0000000000000000_wrong"},
            ExitCode.NOT_AUTHORISED,
            "401",
        ),
        (["generate", "a fox", "--wait", "--timeout", "0"], {}, ExitCode.TIMED_OUT, ""),
    ],
)
def test_each_exit_code_means_what_it_says(
    shell: Shell, arguments: list[str], environ: dict[str, str], code: ExitCode, word: str
) -> None:
    done = shell.seedhook(*arguments, **environ)

    assert done.returncode == code, done.stderr
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_finds_the_stack_well(shell: Shell) -> None:
    shell.document("generate", "a fox", "--wait")

    told = shell.document("doctor")

    found = {one["what"]: one for one in told["findings"]}
    assert told["ok"]
    assert found["uploads"]["told"] == "the uploads bucket takes a file"
    assert "is what its job recorded" in found["media"]["told"]
    assert "enough for the sandbox" in found["callbacks"]["told"]
    lines = shell.seedhook("doctor").stdout.splitlines()
    assert {line[:4].strip() for line in lines} <= {"ok", "warn", ""}


def test_doctor_tells_what_is_wrong(shell: Shell) -> None:
    nobody = shell.seedhook("doctor", SEEDHOOK_URL=f"http://{LOOPBACK}:{free_port()}")
    wrong_key = shell.seedhook("doctor", SEEDHOOK_API_KEY="sk_0000000000000000_wrong")

    assert (nobody.returncode, "fail  api: cannot reach" in nobody.stdout) == (3, True)
    assert (wrong_key.returncode, "fail  key: " in wrong_key.stdout) == (4, True)


def test_what_scaffold_writes_runs(shell: Shell) -> None:
    made = shell.document("generate", "a fox", "--n", "2", "--provider", "apixo")
    shell.document("scaffold", "--from", made["id"], "start")
    package = str(Path.cwd() / "client")

    script = shell.run("sh", "start/generate.sh")
    program = shell.run(sys.executable, "start/generate.py", PYTHONPATH=package)

    assert script.returncode == 0, script.stderr
    assert program.returncode == 0, program.stderr
    assert "succeeded" in script.stdout
    files = list((shell.folder / "start/images").iterdir())
    assert [opened(file) for file in files] == [(2048, 2048)] * 4


def test_the_receiver_of_scaffold_hears_each_event_once(shell: Shell) -> None:
    shell.document("scaffold", "start")
    with httpx.Client(
        headers={"authorization": f"Bearer {shell.stack.api_key}"}, trust_env=False, timeout=40
    ) as api:
        answer = api.get(f"{shell.stack.api_url}/v1/webhooks/secret")
    secret = answer.raise_for_status().json()["secret"]
    environ = {"SEEDHOOK_WEBHOOK_SECRET": secret, "PYTHONPATH": str(Path.cwd() / "client")}

    receiver = subprocess.Popen(
        [sys.executable, "start/receiver.py", str(RECEIVER_PORT)],
        cwd=shell.folder,
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert receiver.stdout is not None
        address = receiver.stdout.readline().split()[-1]
        forged = httpx.post(address, content=b"{}", trust_env=False)
        job = shell.document("generate", "a fox", "--webhook-url", address, "--wait")
        heard = [receiver.stdout.readline().split() for _ in range(3)]
    finally:
        receiver.terminate()
        receiver.wait(timeout=PATIENCE_SECONDS)

    assert forged.status_code == 401
    assert sorted(heard) == [
        [kind, job["id"]] for kind in ("job.accepted", "job.submitted", "job.succeeded")
    ]
    receiver.stdout.close()
