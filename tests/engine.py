"""The embedded AWS for tests: on a free port, strict about who calls, nothing kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.engine import Engine, EngineOptions, running_engine
from local.ports import free_port


@contextmanager
def embedded_aws(folder: Path) -> Iterator[Engine]:
    """Leave no process behind; the log stays in the folder."""
    options = EngineOptions(
        port=free_port(),
        temp=folder,
        log=folder / "engine.log",
        objects=folder / "objects",
        strict=True,
    )
    with running_engine(options) as engine:
        engine.wait_until_ready()
        yield engine
