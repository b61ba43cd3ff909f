"""`seedhook keys`: who may spend what. All of it takes the admin key."""

import json
import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from client.asking import asking_once
from client.options import AdminKey, AsJson, Url

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.api import Api

app = typer.Typer(no_args_is_help=True)

_RATE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:/s)?")
_BUDGET: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:/(month|total))?")

Name = Annotated[str, typer.Option(help="What the key is for.")]
Tenant = Annotated[str, typer.Option(help="Whose jobs it makes and sees.")]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget-usd", "--budget", metavar="USD", help="What it may spend: 50, or 50/month."
    ),
]
Window = Annotated[
    str | None, typer.Option(metavar="month|total", help="For how long that is to last.")
]
Rate = Annotated[str | None, typer.Option(metavar="N", help="Jobs a second: 10, or 10/s.")]
InFlight = Annotated[int | None, typer.Option(min=1, help="Jobs that may be under way at once.")]
Models = Annotated[str | None, typer.Option(metavar="A,B", help="The models it is for.")]
MediaDays = Annotated[
    int | None,
    typer.Option(
        metavar="1|7|30|90|365", help="Days its images are kept, unless a job says otherwise."
    ),
]
RecordDays = Annotated[
    int | None, typer.Option(min=1, help="Days its jobs are kept once they are over.")
]
Expires = Annotated[str | None, typer.Option(metavar="DATE", help="The day on which it ends.")]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id, not the key itself.")]


@app.callback()
def keys() -> None:
    """Who may spend what. Takes the deployment's admin key."""


@app.command()
def create(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    *,
    url: Url,
    key: AdminKey,
    name: Name,
    tenant: Tenant = "default",
    budget_usd: Budget = None,
    window: Window = None,
    rate: Rate = None,
    max_in_flight: InFlight = None,
    models: Models = None,
    expires: Expires = None,
    media_days: MediaDays = None,
    record_days: RecordDays = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it: this once."""
    amount, lasts = _budget(budget_usd)
    wanted = {
        "name": name,
        "tenant": tenant,
        "budget_usd": amount,
        "window": _window(window, lasts),
        "rate": _rate(rate),
        "max_in_flight": max_in_flight,
        "models": [one.strip() for one in models.split(",") if one.strip()] if models else None,
        "expires": expires,
        "retention": _retention(media_days, record_days),
    }
    with asking_once(context, url=url, key=key) as api:
        asked = {field: value for field, value in wanted.items() if value is not None}
        _show_issued(api, api.post("/v1/keys", asked), as_json=as_json)


@app.command()
def ls(context: typer.Context, *, url: Url, key: AdminKey, as_json: AsJson = False) -> None:
    """List all keys with what each has spent."""
    from client.keys_view import overview
    from client.models_view import console

    with asking_once(context, url=url, key=key) as api:
        answer = api.get("/v1/keys")
        if as_json:
            typer.echo(json.dumps(answer))
            return
        try:
            table = overview(answer["data"])
        except (AttributeError, LookupError, TypeError) as exc:
            raise api.stranger() from exc
        console().print(table)


@app.command()
def revoke(
    context: typer.Context, key_id: KeyId, *, url: Url, key: AdminKey, as_json: AsJson = False
) -> None:
    """End a key. It opens nothing from a minute later on."""
    with asking_once(context, url=url, key=key) as api:
        api.ask("DELETE", f"/v1/keys/{_checked(key_id)}")
    typer.echo(json.dumps({"id": key_id, "revoked": True}) if as_json else f"{key_id} is revoked")


@app.command()
def rotate(
    context: typer.Context, key_id: KeyId, *, url: Url, key: AdminKey, as_json: AsJson = False
) -> None:
    """Give a key a new secret. The old one opens for another 24 hours."""
    with asking_once(context, url=url, key=key) as api:
        answer = api.post(f"/v1/keys/{_checked(key_id)}/rotate", {})
        _show_issued(api, answer, as_json=as_json)


def _show_issued(api: "Api", issued: dict[str, Any], *, as_json: bool) -> None:
    if not isinstance(issued.get("key"), str):
        raise api.stranger()
    if as_json:
        typer.echo(json.dumps(issued))
        return
    typer.echo(f"id              {issued['id']}")
    typer.echo(f"key             {issued['key']}")
    typer.echo(f"webhook secret  {issued['webhook_secret']}")
    typer.echo("Nobody can show the key again: keep it now.")


def _budget(text: str | None) -> tuple[str | None, str | None]:
    if text is None:
        return None, None
    match = _BUDGET.fullmatch(text)
    if not match:
        raise typer.BadParameter("must be dollars, such as 50 or 0.35/month", param_hint="--budget")
    return match[1], match[2]


def _window(asked: str | None, by_budget: str | None) -> str | None:
    if asked and by_budget and asked != by_budget:
        raise typer.BadParameter("says otherwise than --budget", param_hint="--window")
    return asked or by_budget


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    match = _RATE.fullmatch(text)
    if not match:
        raise typer.BadParameter("must be jobs a second, such as 10 or 10/s", param_hint="--rate")
    return float(match[1])


def _retention(media_days: int | None, record_days: int | None) -> dict[str, int] | None:
    days = {"media_days": media_days, "record_days": record_days}
    return {name: number for name, number in days.items() if number is not None} or None


def _checked(key_id: str) -> str:
    if not re.fullmatch(r"[0-9a-z]{1,64}", key_id):
        raise typer.BadParameter("is no key's id, which has 16 letters and digits")
    return key_id
