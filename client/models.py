"""`seedhook models`: which models there are, where, for how much, and what they take."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from client.asking import asking_once
from client.exit_codes import ExitCode
from client.options import AsJson, Key, Url

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.api import Api

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="Its id, or any provider's own for it.")]


@app.callback()
def models() -> None:
    """Which models there are, where, for how much, and what they take."""


@app.command()
def ls(context: typer.Context, *, url: Url, key: Key, as_json: AsJson = False) -> None:
    """List all models with their providers and prices."""
    from client.models_view import overview

    with asking_once(context, url=url, key=key) as api:
        found = _all(api)
        _tell({"object": "list", "data": found}, lambda: overview(found), as_json=as_json, api=api)


@app.command()
def show(
    context: typer.Context, model: Name, *, url: Url, key: Key, as_json: AsJson = False
) -> None:
    """Show what a model takes at each provider: fields, limits, names, prices and times."""
    from client.models_view import details

    with asking_once(context, url=url, key=key) as api:
        found = _one(api, model)
        _tell(found, lambda: details(found), as_json=as_json, api=api)


def _all(api: "Api") -> list[dict[str, Any]]:
    models = api.get("/v1/models").get("data")
    if not isinstance(models, list) or not all(isinstance(model, dict) for model in models):
        raise api.stranger()
    return models


def _one(api: "Api", name: str) -> dict[str, Any]:
    """Look among all: the name of a model may hold a slash, which no path does."""
    from client.api import ApiError

    found = _all(api)
    for model in found:
        aliases = model.get("aliases")
        if name == model.get("id") or (isinstance(aliases, list) and name in aliases):
            return model
    known = ", ".join(str(model.get("id")) for model in found)
    raise ApiError(f"there is no model {name}; known are {known}", ExitCode.WRONG_USAGE)


def _tell(
    document: dict[str, Any], draw: Callable[[], list[Any]], *, as_json: bool, api: "Api"
) -> None:
    """Print the document, or what is drawn of it."""
    if as_json:
        typer.echo(json.dumps(document))
        return
    from client.models_view import console

    try:
        drawn = draw()
    except (AttributeError, LookupError, TypeError, ValueError) as exc:
        raise api.stranger() from exc
    screen = console()
    for part in drawn:
        screen.print(part)
