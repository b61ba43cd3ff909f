"""Kills function workers of one stack at random moments, with SIGKILL, and nothing else.

A worker is known by its working directory: the engine unpacks each into a folder of its own under
the stack's temporary folder. The engine itself is spared: it keeps its tables over SIGTERM only,
so killing it would test the engine's persistence and not the service.
"""

import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.running import processes_in

_WORKER: Final = re.compile(r"ministack-lambda-.*?([A-Z][a-z]+)Function")

# So often in a row without any progress: a stack that is never let start shows nothing.
_IN_VAIN: Final = 3
# A worker that is still loading its code is doing nothing that could be cut short.
_GROWN_SECONDS: Final = 1.5


@dataclass(slots=True, kw_only=True)
class Killer:
    temp: Path
    every_seconds: float
    chance: random.Random
    progress: Callable[[], int]
    killed: Counter[str] = field(default_factory=Counter)
    _enough: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        before, in_vain = self.progress(), 0
        while not self._enough.wait(self.every_seconds * self.chance.uniform(0.4, 1.6)):
            now = self.progress()
            before, in_vain = now, in_vain + 1 if now == before else 0
            if in_vain < _IN_VAIN:
                self.kill_one()

    def kill_one(self) -> None:
        workers = sorted(processes_in(self.temp))
        self.chance.shuffle(workers)
        for process in workers:
            if name := _kill(process, self.temp):
                self.killed[name] += 1
                return

    def stop(self) -> None:
        self._enough.set()


@contextmanager
def killing(killer: Killer) -> Iterator[None]:
    thread = threading.Thread(target=killer.run, name="killer")
    thread.start()
    try:
        yield
    finally:
        killer.stop()
        thread.join()


def _kill(process: int, temp: Path) -> str | None:
    """Kill a worker and return its function's name; None for whoever is no worker of ours.

    The descriptor is taken before the look, so that a number used anew cannot be hit.
    """
    with suppress(OSError):
        descriptor = os.pidfd_open(process)
        try:
            folder = Path(f"/proc/{process}/cwd").readlink()
            found = _WORKER.match(folder.relative_to(temp).parts[1])
            if found and time.time() - folder.stat().st_mtime > _GROWN_SECONDS:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                return found[1].lower()
        except (ValueError, IndexError):
            return None
        finally:
            os.close(descriptor)
    return None
