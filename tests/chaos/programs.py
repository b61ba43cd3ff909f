"""The programs of a run: the sandbox providers, and a stack that can be stopped and started again.

The sandbox keeps its tasks in memory, so it is a process of its own that outlives the stack's
restarts; to the stack it is two configured providers on this machine.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from local.ports import free_port
from tests.e2e.running import environment

_STOP_SECONDS: Final = 60


class ProgramFailed(Exception):
    """A program did not start or did not end as it should."""


@contextmanager
def sandbox(plan: Path, *, latency: float) -> Iterator[dict[str, str]]:
    """Yield the sandbox's addresses."""
    command = ["local.sandbox", "--port", "0", "--latency", str(latency), "--chaos", str(plan)]
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=environment(plan.parent),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a Ctrl-C is for us: the sandbox goes last
    )
    try:
        yield _first_line(process, "the sandbox")
    finally:
        process.terminate()
        _ended(process)


@dataclass(slots=True, kw_only=True)
class Stack:
    """`seedhook up` on one data folder and one port."""

    folder: Path
    sandbox: dict[str, str]
    port: int = field(default_factory=free_port)
    ready: dict[str, str] = field(default_factory=dict)
    starts: int = 0
    _process: subprocess.Popen[str] | None = None

    @property
    def temp(self) -> Path:
        """Where the workers of this stack's functions live, and nobody else."""
        return self.folder / "temp"

    def start(self) -> None:
        self.temp.mkdir(exist_ok=True)
        data, port = str(self.folder / "data"), str(self.port)
        with (self.folder / "stack.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "client", "up", "--json", "--port", port, "--data", data],
                env=environment(self.temp, PYTHONFAULTHANDLER="1", **self._providers()),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.ready = _first_line(self._process, "seedhook up")
        self.starts += 1

    def stop(self) -> None:
        """Ask it to stop, as a service manager does. Raises ProgramFailed when it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        if code := _ended(process):
            raise ProgramFailed(f"seedhook up ended with {code} after SIGTERM")

    def _providers(self) -> dict[str, str]:
        return {
            "APIXO_API_KEY": "chaos",
            "APIXO_BASE_URL": self.sandbox["apixo_url"],
            "OXEN_API_KEY": "chaos",
            "OXEN_BASE_URL": self.sandbox["oxen_url"],
        }


@contextmanager
def stack(folder: Path, *, sandbox: dict[str, str]) -> Iterator[Stack]:
    running = Stack(folder=folder, sandbox=sandbox)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def _first_line(process: subprocess.Popen[str], name: str) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise ProgramFailed(f"{name} ended before it was ready")
    said: dict[str, Any] = json.loads(line)
    return said


def _ended(process: subprocess.Popen[str]) -> int:
    try:
        process.communicate(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # Its last words, by the fault handler, are where it hung. The engine leaves with it.
        process.send_signal(signal.SIGABRT)
        process.communicate()
    return process.returncode
