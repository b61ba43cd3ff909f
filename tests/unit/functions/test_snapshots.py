"""A snapshot may be taken after a function's import: nothing that differs by then is read in it.

Lambda can start many environments from one snapshot. A clock, a random number, a secret or a
variable that our code had read before would be the same in all of them, and stale.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

FUNCTIONS: Final = sorted(path.parent.name for path in Path("functions").glob("*/handler.py"))
_GUARDED: Final = """
import datetime, os, random, secrets, sys, time, uuid

def guarded(owner, name):
    real = getattr(owner, name)

    def call(*args, **kwargs):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.split(".")[0] in {{"functions", "shared"}}:
            raise SystemExit(f"{{caller}} reads {{name}} when it is imported")
        return real(*args, **kwargs)

    setattr(owner, name, call)

for name in ("time", "time_ns", "monotonic", "perf_counter"):
    guarded(time, name)
for owner, name in ((os, "urandom"), (os, "getenv"), (random, "random"), (random, "Random"),
                    (secrets, "token_bytes"), (secrets, "token_urlsafe"), (uuid, "uuid4"),
                    (type(os.environ), "__getitem__"), (type(os.environ), "get")):
    guarded(owner, name)

class Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        raise SystemExit("somebody asks what time it is")

datetime.datetime = Datetime

def no_network(event, _):
    if event in {{"socket.connect", "socket.getaddrinfo"}}:
        raise SystemExit(event)

sys.addaudithook(no_network)
import {module}
"""


def imported(module: str, *, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = _GUARDED.format(module=module)
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(folder or Path.cwd()), "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_importing_a_function_reads_nothing_that_changes(name: str) -> None:
    run = imported(f"functions.{name}.handler")

    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    "line",
    [
        "import time; time.time()",
        "import os; os.environ['TABLE_NAME']",
        "import os; os.environ.get('TABLE_NAME')",
        "import os; os.urandom(1)",
        "import uuid; uuid.uuid4()",
        "from datetime import UTC, datetime; datetime.now(UTC)",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
    ],
)
def test_a_module_that_does_is_found(line: str, tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text(line)

    assert imported("shared", folder=tmp_path).returncode == 1
