"""Programs that listen on loopback: started, waited for, their CPU time read, and ended."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from local.ports import LOOPBACK

_START_SECONDS: Final = 300.0  # LiteLLM has much to import, and the first time to compile
_POLL: Final = 0.05
_TICKS: Final = os.sysconf("SC_CLK_TCK")
# Of /proc/<pid>/stat, after the name in brackets: session, then user and system time.
_SESSION, _USER, _SYSTEM = 3, 11, 12
_GUEST: Final = 8  # of /proc/stat: guests are counted under `user` already


@contextmanager
def listening(
    command: Sequence[str], *, port: int, log: Path, environ: Mapping[str, str]
) -> Iterator[int]:
    """Give back the process id of a program that accepts connections; it leads a session."""
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603  # our own programs
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(port, process, log)
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with suppress(OSError):
            socket.create_connection((LOOPBACK, port), timeout=1).close()
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"nothing listens on port {port}:\n{log.read_text()[-2000:]}")
        time.sleep(_POLL)


def cpu_milliseconds(leaders: Collection[int]) -> float:
    """Return what all processes of these sessions have used so far. By Linux's /proc."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = file.read_text().rpartition(")")[2].split()
            if int(fields[_SESSION]) in leaders:
                ticks += int(fields[_USER]) + int(fields[_SYSTEM])
    return ticks * 1000 / _TICKS


def machine_milliseconds() -> float:
    """Return what everything on this machine has used so far, of all its processors together."""
    _, *ticks = Path("/proc/stat").read_text().partition("\n")[0].split()
    user, nice, system, _, _, *interrupts = map(int, ticks[:_GUEST])
    return (user + nice + system + sum(interrupts)) * 1000 / _TICKS


def asked(port: int, path: str) -> float:
    """Return the number that one of the benchmark's own programs answers with."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{LOOPBACK}:{port}{path}", timeout=5) as answer:
        number: float = json.load(answer)
    return number
