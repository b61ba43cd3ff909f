"""A job, followed as far as was wished: its states, its pictures, its last word."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from client.asking import complain
from client.exit_codes import ExitCode
from client.inline_pictures import drawer_of
from client.jobs_view import described, details
from client.progress import download_view, job_view, screen
from client.seedhook import SeedhookError, StillRunning
from client.seedhook.transfers import file_name

if TYPE_CHECKING:  # for the types alone
    from rich.console import Console

    from client.seedhook import Job, Seedhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    wait: bool = True
    timeout: float | None = None
    out: Path | None = None
    as_json: bool = False


def carry(client: "Seedhook", job: "Job", wish: Wish) -> None:
    """Show a job as it goes on, keep its pictures, and exit with what became of it."""
    console = screen(as_json=wish.as_json)
    if not (wish.wait or wish.out):
        _tell(console, job, (), wish)
        return
    with _findable(job):
        job, code = followed(client, job, wish, console)
        files = kept(client, job, wish.out, console) if wish.out and job.is_over else ()
    _tell(console, job, files, wish)
    if code is not ExitCode.OK:
        raise typer.Exit(code)


@contextmanager
def _findable(job: "Job") -> Iterator[None]:
    """Whatever goes wrong from here on, the job was made: say how it is found again."""
    try:
        yield
    except SeedhookError:
        complain(f"{job.id} was made: seedhook jobs watch {job.id}")
        raise


def show(client: "Seedhook", job: "Job", wish: Wish) -> None:
    """Show a job as it is, and keep what pictures there are."""
    console = screen(as_json=wish.as_json)
    files = kept(client, job, wish.out, console) if wish.out else ()
    _tell(console, job, files, wish)


def followed(
    client: "Seedhook", job: "Job", wish: Wish, console: "Console"
) -> tuple["Job", ExitCode]:
    """Return the job as it was last seen, and what that is worth."""
    try:
        with job_view(console) as tell:
            for seen in client.watch(job.id, timeout=wish.timeout):
                tell(seen)
                job = seen
    except StillRunning:
        return job, ExitCode.TIMED_OUT
    except KeyboardInterrupt:
        complain(f"{job.id} goes on: seedhook jobs watch {job.id}")
        return job, ExitCode.TIMED_OUT
    return job, ExitCode.OK if job.succeeded else ExitCode.JOB_FAILED


def kept(client: "Seedhook", job: "Job", folder: Path, console: "Console") -> tuple[Path, ...]:
    """Keep all images of a job; show them where the terminal can."""
    files: list[Path] = []
    with download_view(console) as begin:
        for image in job.images:
            progress = begin(f"image {image.index}")
            place = folder / file_name(job.id, image)
            files.append(client.download(job, image.index, place, progress=progress))
    for image, file in zip(job.images, files, strict=True):
        _draw(file, console)
        console.print(f"{file}  {described(image)}")
    return tuple(files)


def _draw(file: Path, console: "Console") -> None:
    draw = drawer_of(os.environ) if console.is_terminal else None
    picture = draw(file.read_bytes()) if draw else None
    if picture:
        console.file.write(picture)
        console.file.flush()


def _tell(console: "Console", job: "Job", files: tuple[Path, ...], wish: Wish) -> None:
    if wish.as_json:
        more = {"files": [str(file) for file in files]} if wish.out else {}
        sys.stdout.write(json.dumps({**job.raw, **more}) + "\n")
        return
    for line in details(job):
        console.print(line)
    if job.images and not files:
        console.print(f"  keep them: seedhook jobs get {job.id} --out DIR")
