"""`seedhook` as a program of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_SECONDS

_OURS = ("APIXO_", "OXEN_", "AIMLAPI_", "SEEDHOOK_")


def environment(temp: Path, **more: str) -> dict[str, str]:
    """Return the caller's environment, without its providers and with a place for everything."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | {"TMPDIR": str(temp), "PYTHONPATH": str(Path.cwd())} | more


@contextmanager
def seedhook_up(
    *options: str, temp: Path, environ: Mapping[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Run `seedhook up` until the block ends, then ask it to stop as a service manager does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "client", "up", "--json", "--port", "0", *options],
        env=environment(temp, **(environ or {})),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "seedhook up ended before it was ready"
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert rest == ""


def processes_in(folder: Path) -> list[int]:
    """Return who works in a folder: engine and functions do, in the folder of their stack."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _works_in(entry, folder)]


def _works_in(entry: Path, folder: Path) -> bool:
    try:
        return (entry / "cwd").readlink().is_relative_to(folder)
    except OSError:  # gone, or not ours
        return False
