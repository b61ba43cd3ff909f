"""What a command shows while it waits: something that moves on a terminal, lines in a pipe."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

if TYPE_CHECKING:  # for the types alone
    from client.seedhook import Batch, Job

_COLOURS: Final = {
    "queued": "dim",
    "submitting": "yellow",
    "processing": "cyan",
    "storing": "blue",
    "succeeded": "green",
    "partial": "yellow",
}


def screen(*, as_json: bool) -> Console:
    """Return where people read: with --json, stdout is for the document alone."""
    return Console(stderr=as_json, highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def job_view(console: Console) -> Iterator[Callable[["Job"], None]]:
    """Give back what to call with each state of a job."""
    if not console.is_terminal:
        yield _lines(console)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(job: "Job") -> None:
            colour = _COLOURS.get(job.status, "red")
            progress.update(task, description=f"{job.id} [{colour}]{job.status}[/]")

        yield show


def _lines(console: Console) -> Callable[["Job"], None]:
    began = time.monotonic()

    def print_line(job: "Job") -> None:
        console.print(f"{time.monotonic() - began:6.1f} s  {job.id}: {job.status}")

    return print_line


@contextmanager
def batch_view(console: Console) -> Iterator[Callable[["Batch"], None]]:
    """Give back what to call with each state of a batch."""
    if not console.is_terminal:
        yield lambda batch: console.print(counted(batch))
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=None)
        yield lambda batch: progress.update(
            task, description=counted(batch), total=batch.lines, completed=batch.done
        )


def counted(batch: "Batch") -> str:
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in batch.counts.items())
    of = f" of {batch.lines}" if batch.lines else ""
    return f"{batch.id} {batch.status}: {batch.done}{of} done ({counts})"


@contextmanager
def download_view(console: Console) -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Give back what to call for each download: it returns what the download tells its bytes."""
    if not console.is_terminal:
        yield lambda _: lambda _received, _all: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:

        def begin(name: str) -> Callable[[int, int], None]:
            task = progress.add_task(name, total=None)
            return lambda received, whole: progress.update(task, completed=received, total=whole)

        yield begin
