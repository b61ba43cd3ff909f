"""`seedhook usage`: what a tenant's jobs have made and cost."""

import json
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from client.asking import asking_once
from client.options import AsJson, Key, Url

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.api import Api

Since = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="Since when; else this month's first.")
]
Until = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Until when; else today.")]
GroupBy = Annotated[
    str, typer.Option("--group-by", metavar="day|model|provider|key|tag", help="Added up by what.")
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")]


def usage(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    *,
    url: Url,
    key: Key,
    since: Since = None,
    until: Until = None,
    group_by: GroupBy = "day",
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Tell what your tenant's jobs have made and cost."""
    asked = {"from": since, "to": until, "group_by": group_by, "format": "csv" if as_csv else None}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    with asking_once(context, url=url, key=key) as api:
        if as_csv:
            typer.echo(api.text(f"/v1/usage?{query}"), nl=False)
            return
        answer = api.get(f"/v1/usage?{query}")
        if as_json:
            typer.echo(json.dumps(answer))
        else:
            _draw(api, answer, group_by)


def _draw(api: "Api", answer: dict[str, Any], group_by: str) -> None:
    from client.models_view import console
    from client.usage_view import overview

    try:
        table = overview(answer, group_by)
    except (AttributeError, LookupError, TypeError) as exc:
        raise api.stranger() from exc
    console().print(table)
