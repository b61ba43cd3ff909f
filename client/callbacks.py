"""`seedhook callbacks`: what providers called back with, as it was kept."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from client.asking import complain
from client.options import AdminKey, AsJson, Url

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from rich.console import Console

    from client.api import Api

app = typer.Typer(no_args_is_help=True)

Job = Annotated[str | None, typer.Option(metavar="ID", help="Only the callbacks of this job.")]


@app.callback()
def callbacks() -> None:
    """Callbacks that providers sent, as they were kept."""


@app.command()
def replay(
    context: typer.Context, *, url: Url, key: AdminKey, job: Job = None, as_json: AsJson = False
) -> None:
    """Hand kept callbacks on once more, harmless however often. Takes the admin key."""
    from rich.console import Console

    from client.api import Api, ApiError

    # With --json, stdout is for the one document and people read stderr.
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    replayed = 0
    try:
        with view(console) as tell:
            for count in pages(Api(url, key=key, transport=context.obj), job=job):
                replayed += count
                tell(replayed)
    except ApiError as exc:
        done = f"; {_callbacks(replayed)} handed on before that" if replayed else ""
        complain(f"{exc}{done}")
        raise typer.Exit(exc.code) from exc
    if as_json:
        typer.echo(json.dumps({"replayed": replayed, "job": job}))
    else:
        console.print(f"{_callbacks(replayed)} handed on", markup=False)


def pages(api: "Api", *, job: str | None) -> Iterator[int]:
    """Ask for page after page; give back how many callbacks each has handed on."""
    wanted = {"job": job} if job else {}
    cursor: object = None
    while True:
        answer = api.post("/v1/callbacks/replay", wanted | ({"cursor": cursor} if cursor else {}))
        replayed, cursor = answer.get("replayed"), answer.get("cursor")
        if not isinstance(replayed, int):
            raise api.stranger()
        yield replayed
        if cursor is None:
            return


@contextmanager
def view(console: "Console") -> Iterator[Callable[[int], None]]:
    """Give back what to call with the number so far: a live line on a terminal, else lines."""
    if not console.is_terminal:
        yield lambda replayed: console.print(f"{_callbacks(replayed)} so far", markup=False)
        return
    with console.status("[dim]asking[/]") as status:
        yield lambda replayed: status.update(f"[cyan]{_callbacks(replayed)}[/] so far")


def _callbacks(count: int) -> str:
    return f"{count} callback{'' if count == 1 else 's'}"
