"""Where a run keeps its files: a temporary folder that goes, and `--data` that stays."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    temp: Path
    data: Path | None

    @property
    def objects(self) -> Path:
        return (self.data or self.temp) / "objects"

    @property
    def state(self) -> Path | None:
        return self.data / "state" if self.data else None

    @property
    def log(self) -> Path:
        return (self.data or self.temp) / "engine.log"

    def recall(self, name: str) -> Any:
        """Return what an earlier run in the same data folder remembered, else None."""
        if self.data:
            with suppress(FileNotFoundError, ValueError):
                return json.loads((self.data / f"{name}.json").read_text())
        return None

    def remember(self, name: str, value: object) -> None:
        if self.data:
            path = self.data / f"{name}.json"
            path.unlink(missing_ok=True)
            # Created closed: the value may be a key.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(value, file)


@contextmanager
def run_folders(data: Path | None) -> Iterator[Folders]:
    temp = Path(tempfile.mkdtemp(prefix="seedhook-"))
    try:
        with _held(data) if data else nullcontext():
            yield Folders(temp=temp, data=data.resolve() if data else None)
    finally:
        shutil.rmtree(temp, ignore_errors=True)


@contextmanager
def _held(data: Path) -> Iterator[None]:
    """Keep a second stack out of a data folder: both would save their state over each other."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise UsageError(f"another stack runs with --data {data}") from exc
        yield
