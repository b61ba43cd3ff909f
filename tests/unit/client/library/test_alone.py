"""The client is a package of its own: what is in its folder is all it needs, beside httpx."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

FOLDER = Path("client")
USE = """
import sys, typing
import seedhook
from seedhook import AsyncSeedhook, Seedhook, webhooks
client = Seedhook("http://127.0.0.1:9", "k", patience=seedhook.Patience(tries=1))
try:
    client.get("job_1")
except seedhook.Unreachable as exc:
    print(exc)
ours = {"client", "shared", "local", "functions", "typer", "pydantic"}
assert not ours & {name.partition(".")[0] for name in sys.modules}
print(seedhook.__version__, seedhook.__file__)
"""


def run(place: Path, *command: str, **environ: str) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command, cwd=place, env=kept | environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_copy_of_the_folder_works_elsewhere(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "seedhook", tmp_path / "lib/seedhook")

    told = run(tmp_path, sys.executable, "-W", "error", "-c", USE, PYTHONPATH=str(tmp_path / "lib"))

    assert "cannot reach http://127.0.0.1:9" in told
    assert str(tmp_path / "lib/seedhook") in told


def test_pip_installs_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(FOLDER, source, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path / "lib"
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]

    run(
        tmp_path,
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        *offline,
        "-t",
        str(target),
        "./source",
    )

    assert {one.name for one in target.glob("seedhook/*.py")} == {
        one.name for one in (FOLDER / "seedhook").glob("*.py")
    }
    assert (target / "seedhook/py.typed").exists()
    assert not (target / "client").exists()
    told = run(tmp_path, sys.executable, "-W", "error", "-c", USE, PYTHONPATH=str(target))
    assert str(target) in told


def test_it_needs_httpx_and_nothing_else() -> None:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]

    (needed,) = project["dependencies"]
    assert needed.startswith("httpx")


@pytest.mark.parametrize("path", sorted((FOLDER / "seedhook").glob("*.py")), ids=lambda p: p.name)
def test_its_modules_know_each_other_by_relative_names(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert not [line for line in lines if line.startswith(("from client", "import client"))]
