"""`seedhook batch`: many jobs from one file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from client.asking import asking, complain
from client.exit_codes import ExitCode
from client.job_options import Timeout, Wait
from client.options import AsJson, Key, Url

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.seedhook import Batch, Seedhook

File = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, help="JSON lines or CSV: a job each line."),
]
MaxUsd = Annotated[
    str | None, typer.Option(metavar="USD", help="What it may cost in all, by estimate.")
]
MaxInFlight = Annotated[int | None, typer.Option(min=1, max=1000, help="Jobs at once; else 20.")]


def batch(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    file: File,
    *,
    url: Url,
    key: Key,
    max_usd: MaxUsd = None,
    max_in_flight: MaxInFlight = None,
    wait: Wait = False,
    timeout: Timeout = None,
    as_json: AsJson = False,
) -> None:
    """Make many jobs from a file; exit code 1 if a line brought nothing."""
    with asking(context, url=url, key=key) as client:
        found = client.start_batch(file, max_usd=max_usd, max_in_flight=max_in_flight)
        code = ExitCode.OK
        if wait:
            found, code = _followed(client, found, timeout, as_json=as_json)
    if as_json:
        typer.echo(json.dumps(dict(found.raw)))
    else:
        _tell(found)
    if code is not ExitCode.OK:
        raise typer.Exit(code)


def _followed(
    client: "Seedhook", found: "Batch", timeout: float | None, *, as_json: bool
) -> tuple["Batch", ExitCode]:
    """Return the batch as it was last seen, and what that is worth."""
    from client.progress import batch_view, screen
    from client.seedhook import SeedhookError, StillRunning

    try:
        with batch_view(screen(as_json=as_json)) as show:
            for seen in client.watch_batch(found.id, timeout=timeout):
                show(seen)
                found = seen
    except StillRunning:
        return found, ExitCode.TIMED_OUT
    except KeyboardInterrupt:
        complain(f"{found.id} goes on")
        return found, ExitCode.TIMED_OUT
    except SeedhookError:
        complain(f"{found.id} was started: seedhook jobs ls --batch {found.id}")
        raise
    return found, ExitCode.OK if found.succeeded else ExitCode.JOB_FAILED


def _tell(found: "Batch") -> None:
    from client.progress import counted

    typer.echo(counted(found))
    typer.echo(f"its jobs: seedhook jobs ls --batch {found.id}")
    if found.report:
        typer.echo(f"its report, in the media bucket: {found.report}")
