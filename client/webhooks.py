"""`seedhook webhooks`: endpoints, what was delivered to them, and tools for who receives."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from client import signing
from client.asking import asking_once, complain
from client.exit_codes import ExitCode
from client.options import AsJson, Key, Url

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.api import Api

app = typer.Typer(no_args_is_help=True)
app.command()(signing.listen)
app.command()(signing.sign)
app.command()(signing.verify)

Id = Annotated[str, typer.Argument(metavar="ID")]
Events = Annotated[
    list[str] | None, typer.Option("--event", metavar="TYPE", help="Only these; repeatable.")
]
Description = Annotated[str, typer.Option(help="What it is for.")]
Filter = Annotated[str | None, typer.Option(help="Only those of this one.")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="How many.")]
Since = Annotated[str, typer.Option(metavar="TIME", help="RFC 3339, as 2026-11-20T12:00:00Z.")]


@app.callback()
def webhooks() -> None:
    """Endpoints that hear of events, signed by Standard Webhooks."""


@app.command()
def add(  # noqa: PLR0913  one parameter per option
    context: typer.Context,
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="An https address.")],
    *,
    url: Url,
    key: Key,
    event: Events = None,
    description: Description = "",
    as_json: AsJson = False,
) -> None:
    """Register an endpoint; its secret is shown this once."""
    with asking_once(context, url=url, key=key) as api:
        wanted = {"url": endpoint, "events": event or [], "description": description}
        made = api.post("/v1/webhooks", wanted)
    _show(made, as_json=as_json, line=_with_secret)


@app.command()
def ls(context: typer.Context, *, url: Url, key: Key, as_json: AsJson = False) -> None:
    """List the endpoints."""
    with asking_once(context, url=url, key=key) as api:
        found = api.listed("/v1/webhooks")
    _show_all(found, as_json=as_json, line=_webhook_line)


@app.command()
def rm(context: typer.Context, webhook: Id, *, url: Url, key: Key, as_json: AsJson = False) -> None:
    """Remove an endpoint; what waits for it is given up."""
    with asking_once(context, url=url, key=key) as api:
        api.ask("DELETE", f"/v1/webhooks/{_segment(webhook)}")
    _show({"id": webhook, "removed": True}, as_json=as_json, line=lambda _: f"{webhook} removed")


@app.command()
def rotate(
    context: typer.Context, webhook: Id, *, url: Url, key: Key, as_json: AsJson = False
) -> None:
    """Make a new secret, shown this once; for a day the one before signs as well."""
    with asking_once(context, url=url, key=key) as api:
        made = api.ask("POST", f"/v1/webhooks/{_segment(webhook)}/rotate")
    _show(made, as_json=as_json, line=_with_secret)


@app.command()
def deliveries(  # noqa: PLR0913  one parameter per option
    context: typer.Context,
    *,
    url: Url,
    key: Key,
    job: Filter = None,
    webhook: Filter = None,
    status: Annotated[str | None, typer.Option(help="pending, delivered or failed.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List what was sent, newest first, and what came of it."""
    asked = {"job": job, "webhook": webhook, "status": status}
    query = {name: value for name, value in asked.items() if value is not None}
    with asking_once(context, url=url, key=key) as api:
        found = _newest(api, query, limit)
    _show_all(found, as_json=as_json, line=_delivery_line)


@app.command()
def resend(
    context: typer.Context, delivery: Id, *, url: Url, key: Key, as_json: AsJson = False
) -> None:
    """Send a delivery anew: the same id, the same bytes."""
    with asking_once(context, url=url, key=key) as api:
        sent = api.ask("POST", f"/v1/deliveries/{_segment(delivery)}/resend")
    _show(sent, as_json=as_json, line=_delivery_line)


@app.command()
def recover(  # noqa: PLR0913  one parameter per option
    context: typer.Context,
    webhook: Id,
    *,
    url: Url,
    key: Key,
    since: Since,
    as_json: AsJson = False,
) -> None:
    """Send an endpoint anew all that it has not got since a moment."""
    resent = 0
    cursor: str | None = ""
    with asking_once(context, url=url, key=key) as api:
        while cursor is not None:
            query = {"since": since} | ({"cursor": cursor} if cursor else {})
            path = f"/v1/webhooks/{_segment(webhook)}/recover"
            answer = api.ask("POST", path, query=query)
            if not isinstance(answer.get("resent"), int):
                raise api.stranger()
            resent, cursor = resent + answer["resent"], answer.get("cursor")
    done = {"webhook": webhook, "resent": resent}
    _show(done, as_json=as_json, line=lambda _: f"{resent} on their way again")


def _newest(api: "Api", query: dict[str, str], limit: int) -> list[dict[str, Any]]:
    """Ask for page after page: one may be short and yet not the last."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < limit:
        more = {"limit": str(limit - len(found))} | ({"cursor": cursor} if cursor else {})
        page = api.ask("GET", "/v1/deliveries", query=query | more)
        if not isinstance(page.get("data"), list):
            raise api.stranger()
        found += page["data"]
        cursor = page.get("cursor")
    return found


def _segment(name: str) -> str:
    """Return an id for a path; what is none would ask for something else."""
    if not name.isascii() or not name.replace("_", "").isalnum():
        complain(f"{name!r} is no id")
        raise typer.Exit(ExitCode.WRONG_USAGE)
    return name


def _show(
    document: dict[str, Any], *, as_json: bool, line: Callable[[dict[str, Any]], str]
) -> None:
    typer.echo(json.dumps(document) if as_json else line(document))


def _show_all(
    documents: list[dict[str, Any]], *, as_json: bool, line: Callable[[dict[str, Any]], str]
) -> None:
    if as_json:
        typer.echo(json.dumps(documents))
        return
    for document in documents:
        typer.echo(line(document))


def _webhook_line(webhook: dict[str, Any]) -> str:
    state = "enabled" if webhook["enabled"] else f"disabled: {webhook['disabled_because'] or ''}"
    failing = f", failing since {webhook['failing_since']}" if webhook["failing_since"] else ""
    heard = ",".join(webhook["events"]) or "all events"
    return f"{webhook['id']}  {webhook['url']}  {heard}  {state.removesuffix(': ')}{failing}"


def _with_secret(webhook: dict[str, Any]) -> str:
    return f"{_webhook_line(webhook)}\nsecret: {webhook['secret']}"


def _delivery_line(delivery: dict[str, Any]) -> str:
    tries = delivery["tries"]
    last = tries[-1] if tries else None
    outcome = (str(last["status"]) if last["status"] else last["error"]) if last else "not yet"
    planned = f", next {delivery['next_try_at']}" if delivery["next_try_at"] else ""
    return (
        f"{delivery['id']}  {delivery['type']}  {delivery['status']}"
        f"  {len(tries)} tries, last: {outcome}{planned}"
    )
