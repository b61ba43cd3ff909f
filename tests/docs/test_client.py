"""docs/client.md, the client's own page and the README's: commands and programs run."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from client.__main__ import app
from client.exit_codes import ExitCode
from client.seedhook import Seedhook, errors
from local.stack import Stack
from shared.domain.webhook_signature import secret_of
from tests.docs.documents import Block, Document, readme
from tests.docs.test_commands import ROOT, size_of
from tests.patience import PATIENCE_SECONDS

GUIDE = Document(Path("docs/client.md"))
PAGE = Document(Path("client/README.md"))
SECRET = secret_of(bytes(32))
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]  # a group has commands


def blocks_of(document: Document, language: str, *words: str) -> list[Block]:
    return [b for b in document.blocks if (b.language, b.words) == (language, words)]


def run(command: list[str], *, folder: Path, stack: Stack, **variables: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SEEDHOOK_URL": stack.api_url,
            "SEEDHOOK_API_KEY": stack.api_key,
        }
        | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """Return a folder in which the command is where the documents say."""
    command = tmp_path / ".venv/bin/seedhook"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m client "$@"\n')
    command.chmod(0o755)
    return tmp_path


@pytest.mark.engine
def test_the_guides_commands_do_what_they_say(stack: Stack, reader: Path) -> None:
    script = "\n".join(block.text for block in blocks_of(GUIDE, "sh", "client"))

    told = run(["sh", "-eu", "-c", script], folder=reader, stack=stack)

    assert [size_of(file) for file in (reader / "foxes").iterdir()] == [(2048, 2048)] * 2
    assert len(list((reader / "night").iterdir())) == 1
    assert len(list((reader / "birds").iterdir())) == 1
    assert "4 images, about $0.1400" in told
    assert "completed: 2 of 2 done" in told
    assert "ok    key: opens the API" in told
    assert len(list((reader / "start/images").iterdir())) == 1


@pytest.mark.engine
def test_the_readmes_command_saves_two_pictures(stack: Stack, reader: Path) -> None:
    (block,) = blocks_of(readme(), "sh", "client")

    run(["sh", "-eu", "-c", block.text], folder=reader, stack=stack)

    assert [size_of(file) for file in (reader / "foxes").iterdir()] == [(2048, 2048)] * 2


@pytest.mark.engine
@pytest.mark.parametrize("document", [GUIDE, PAGE], ids=["guide", "page"])
def test_the_first_program_of_each_page_runs(
    document: Document, stack: Stack, tmp_path: Path
) -> None:
    program = blocks_of(document, "python")[0].text

    told = run(
        [sys.executable, "-W", "error", "-c", program],
        folder=tmp_path,
        stack=stack,
        PYTHONPATH=str(ROOT / "client"),
    )

    files = [Path(line) for line in told.splitlines() if line.endswith(".png")]
    size = (2848, 1600) if document is PAGE else (2048, 2048)
    assert [size_of(tmp_path / file) for file in files] == [size] * 2


def test_the_pages_receiver_takes_what_is_signed_and_nothing_else(tmp_path: Path) -> None:
    program = blocks_of(PAGE, "python")[1].text
    body = b'{"type":"job.succeeded"}'
    trial = f"""
from datetime import datetime, timezone
import sys
sys.path.insert(0, {str(ROOT)!r})
from shared.domain.webhook_signature import signed_headers
now = datetime.now(timezone.utc)
headers = signed_headers([{SECRET!r}], message_id="evt_1", at=now, body={body!r})
print(receive({SECRET!r}, headers, {body!r}), receive({SECRET!r}, headers, b"other"))
"""

    done = subprocess.run(
        [sys.executable, "-c", program + trial],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "client"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "evt_1\n204 401\n", done.stderr


def test_the_table_of_exit_codes_is_complete() -> None:
    assert [int(code) for code, _ in GUIDE.table("code")] == list(ExitCode)


def test_every_command_is_named_with_its_sub_commands() -> None:
    told: set[str] = set()
    for names, text in GUIDE.table("command"):
        for name in re.findall(r"[a-z]+", names):
            subs = getattr(COMMANDS[name], "commands", None)
            told.add(name)
            if subs is not None:
                assert set(re.findall(r"(?:^|`)([a-z]+)(?=`|$)", text)) == set(subs), name

    assert told == set(COMMANDS)


def test_every_command_can_answer_in_json() -> None:
    groups = [getattr(command, "commands", {"": command}) for command in COMMANDS.values()]

    for command in (command for group in groups for command in group.values()):
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in options, command.name


def test_every_method_and_every_error_of_the_client_is_on_its_page() -> None:
    methods = {
        name for name, _ in inspect.getmembers(Seedhook, inspect.isfunction) if name[0] != "_"
    }
    kinds = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and kind.__module__ == errors.__name__
    }
    told = set(PAGE.code_spans)
    listed = {name for row in PAGE.table("method") for name in re.findall(r"\w+", row[0])}
    named = {name for row in PAGE.table("error") for name in re.findall(r"\w+", row[0])}

    assert listed == methods - {"close"}
    assert kinds - {"SeedhookError"} == named
    assert "SeedhookError" in told
