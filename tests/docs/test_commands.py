"""The commands in the documents, run as a reader would run them."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from local.stack import Stack
from tests.docs.documents import Block, Document, documents, readme
from tests.patience import PATIENCE_SECONDS

# A word after the fence's `sh`, and why such a block is not run here.
NOT_RUN = {
    "client": "run by tests/docs/test_client.py",
    "webhooks": "run by tests/docs/test_webhooks.py",
    "operations": "run by tests/docs/test_operations.py",
    "aws": "needs an AWS account",
    "install": "builds environments, or runs long; the targets' names are checked instead",
    "edit": "holds a placeholder; the test sets these variables",
}
ROOT = Path.cwd()
BUDGETS = Document(Path("docs/budgets.md"))
DEPLOY = Document(Path("docs/deploy.md"))


def shell_blocks(*, run: bool) -> list[Block]:
    blocks = [b for document in documents() for b in document.blocks if b.language == "sh"]
    return [block for block in blocks if run is not bool(block.words)]


def to_run(document: Document) -> list[Block]:
    return [block for block in document.blocks if block.language == "sh" and not block.words]


def run(command: list[str], *, folder: Path, **variables: str) -> str:
    """Run a command that must succeed, in an environment of its own; return what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)} | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the commands of README and deployment have been run, in one shell."""
    folder = tmp_path_factory.mktemp("reader")
    script = "\n".join(
        [block.text for page in (readme(), DEPLOY) for block in to_run(page)]
        + ['echo "$JOB" > id', 'echo "$SEEDHOOK_API_KEY" > key']
    )
    run(
        ["sh", "-eu", "-c", script],
        folder=folder,
        SEEDHOOK_URL=stack.api_url,
        SEEDHOOK_API_KEY=stack.api_key,
        ADMIN_KEY=stack.admin_key,
    )
    return folder


@pytest.fixture
def job(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "job.json").read_bytes())


def test_every_block_that_is_not_run_says_why() -> None:
    assert {word for block in shell_blocks(run=False) for word in block.words} == NOT_RUN.keys()


def test_no_other_page_has_commands_to_run() -> None:
    known = [*to_run(readme()), *to_run(BUDGETS), *to_run(DEPLOY)]

    assert shell_blocks(run=True) == known


@pytest.mark.engine
def test_the_guide_to_budgets_works_from_the_first_key_to_its_end(
    stack: Stack, tmp_path: Path
) -> None:
    command = tmp_path / ".venv/bin/seedhook"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m client "$@"\n')
    command.chmod(0o700)

    run(
        ["sh", "-eu", "-c", "\n".join(block.text for block in to_run(BUDGETS))],
        folder=tmp_path,
        SEEDHOOK_URL=stack.api_url,
        ADMIN_KEY=stack.admin_key,
        PYTHONPATH=str(ROOT),
    )

    key, new = (json.loads((tmp_path / name).read_bytes()) for name in ("key.json", "new.json"))
    assert (key["budget_usd"], key["rate"], key["max_in_flight"]) == ("50.000000", 10, 20)
    assert (new["id"], new["key"] != key["key"]) == (key["id"], True)
    assert (tmp_path / "usage.csv").read_text().startswith("tag,jobs,")


@pytest.mark.engine
def test_the_first_job_is_submitted_and_followed_to_its_end(
    folder: Path, job: dict[str, Any]
) -> None:
    assert (job["id"], job["status"]) == ((folder / "id").read_text().strip(), "succeeded")
    assert job["delivered_images"] == 2


@pytest.mark.engine
def test_the_first_image_is_what_the_job_recorded(folder: Path, job: dict[str, Any]) -> None:
    path, record = folder / "fox.png", job["images"][0]

    assert hashlib.sha256(path.read_bytes()).hexdigest() == record["sha256"]
    with Image.open(path) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (2848, 1600))


@pytest.mark.engine
def test_the_new_api_key_opens_the_api(stack: Stack, folder: Path) -> None:
    key = (folder / "key").read_text().strip()
    command = ["curl", "-fsS", f"{stack.api_url}/v1/jobs", "-H", f"Authorization: Bearer {key}"]

    answer = json.loads(run(command, folder=folder))

    assert key != stack.api_key
    # The README's first job, and the one that it asks for twice.
    assert len(answer["data"]) == 2


@pytest.mark.engine
def test_the_repeated_request_is_told_its_first_answer(folder: Path) -> None:
    headers = (folder / "headers.txt").read_text().lower()

    assert "idempotent-replayed: true" in headers


@pytest.mark.engine
def test_the_demo_keeps_every_image_at_its_size(tmp_path: Path) -> None:
    out = tmp_path / "images"
    command = [str(ROOT / ".venv/bin/seedhook"), "demo", "--json", "--port", "0", "--out", str(out)]

    answer = json.loads(run(command, folder=tmp_path, SEEDHOOK_SANDBOX_LATENCY="0"))

    assert answer["succeeded"] is True
    sizes = {Path(name): size_of(Path(name)) for job in answer["jobs"] for name in job["images"]}
    assert sizes == {
        out / "apixo-callback-0.png": (2848, 1600),
        out / "apixo-callback-1.png": (2848, 1600),
        out / "oxen-queue-0.png": (2048, 2048),
        out / "oxen-stream-0.png": (2496, 1664),
        out / "aimlapi-sync-0.jpg": (2048, 2048),
        out / "s3-edit-0.png": (2048, 2048),
    }
    assert set(out.iterdir()) == sizes.keys()
    assert [job["webhook"] for job in answer["jobs"] if job["webhook"]] == ["verified"]


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        image.load()
        return image.size
