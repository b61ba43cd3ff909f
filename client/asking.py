"""The API for a command: what goes wrong is told in one line, with the exit code that means it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import typer

from client.exit_codes import ExitCode

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.api import Api
    from client.seedhook import Seedhook, SeedhookError

_TRIES: Final = 3  # a person waits at the other end


@contextmanager
def asking(context: typer.Context, *, url: str | None, key: str | None) -> Iterator["Seedhook"]:
    from client.seedhook import Patience, Seedhook, SeedhookError

    try:
        patience = Patience(tries=_TRIES)
        with Seedhook(url, key, patience=patience, transport=context.obj) as client:
            yield client
    except SeedhookError as exc:
        complain(str(exc))
        raise typer.Exit(exit_code(exc)) from exc


@contextmanager
def asking_once(context: typer.Context, *, url: str, key: str) -> Iterator["Api"]:
    """Give the API to a command that shows its documents as they come."""
    from client.api import Api, ApiError

    try:
        yield Api(url, key=key, transport=context.obj)
    except ApiError as exc:
        complain(str(exc))
        raise typer.Exit(exc.code) from exc


def complain(text: str) -> None:
    """Say it in one line, without what a terminal would obey."""
    typer.echo(f"seedhook: {plain(text)}", err=True)


def plain(text: str) -> str:
    """Return what a terminal shows: some of it others have written."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def exit_code(error: "SeedhookError") -> ExitCode:
    """Return what a command exits with; what is not listed did not reach the API."""
    from client import seedhook

    meanings: list[tuple[type[SeedhookError], ExitCode]] = [
        (seedhook.StillRunning, ExitCode.TIMED_OUT),
        (seedhook.JobFailed, ExitCode.JOB_FAILED),
        (seedhook.NotWhole, ExitCode.JOB_FAILED),
        (seedhook.Misconfigured, ExitCode.WRONG_USAGE),
        (seedhook.NotAuthorised, ExitCode.NOT_AUTHORISED),
        (seedhook.Throttled, ExitCode.UNREACHABLE),
        (seedhook.ServerFailed, ExitCode.UNREACHABLE),
    ]
    for kind, code in meanings:
        if isinstance(error, kind):
            return code
    return _refused(error.status) if isinstance(error, seedhook.ApiError) else ExitCode.UNREACHABLE


def _refused(status: int) -> ExitCode:
    """Nobody is to blame for slowness; who sends us elsewhere is not the API."""
    is_ours = status >= HTTPStatus.BAD_REQUEST and status != HTTPStatus.REQUEST_TIMEOUT
    return ExitCode.WRONG_USAGE if is_ours else ExitCode.UNREACHABLE
