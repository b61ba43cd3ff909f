"""`seedhook jobs`: what was made, what is being made, and what to do about it."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from client.asking import asking
from client.job_options import Out, Timeout, Wait
from client.options import AsJson, Key, Url

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.seedhook import JobFilter

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The job's id.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="One job or several.")]
Filter = Annotated[str | None, typer.Option(help="Only those of this one.")]
Moment = Annotated[str | None, typer.Option(metavar="TIME", help="RFC 3339.")]
Limit = Annotated[int, typer.Option(min=1, help="How many.")]


@app.callback()
def jobs() -> None:
    """What was made, what is being made, and what to do about it."""


@app.command()
def ls(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    *,
    url: Url,
    key: Key,
    status: Filter = None,
    model: Filter = None,
    provider: Filter = None,
    tag: Filter = None,
    batch: Filter = None,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    wanted: JobFilter = {
        "status": status,
        "model": model,
        "provider": provider,
        "tag": tag,
        "batch": batch,
        "since": since,
        "until": until,
    }
    with asking(context, url=url, key=key) as client:
        found = list(client.list(limit=limit, **wanted))
    if as_json:
        typer.echo(json.dumps([dict(job.raw) for job in found]))
        return
    from client.jobs_view import overview
    from client.models_view import console

    console().print(overview(found))


@app.command()
def get(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    job_id: Id,
    *,
    url: Url,
    key: Key,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Show a job as it is; with --out, keep its images."""
    from client.carrying import Wish, show

    with asking(context, url=url, key=key) as client:
        show(client, client.get(job_id), Wish(out=out, as_json=as_json))


@app.command()
def watch(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    job_id: Id,
    *,
    url: Url,
    key: Key,
    timeout: Timeout = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Follow a job to its end; the exit code says what became of it."""
    from client.carrying import Wish, carry

    with asking(context, url=url, key=key) as client:
        carry(client, client.get(job_id), Wish(timeout=timeout, out=out, as_json=as_json))


@app.command()
def cancel(
    context: typer.Context, job_id: Id, *, url: Url, key: Key, as_json: AsJson = False
) -> None:
    """Call a job off. What was paid for and still comes is kept."""
    from client.carrying import Wish, show

    with asking(context, url=url, key=key) as client:
        show(client, client.cancel(job_id), Wish(as_json=as_json))


@app.command()
def retry(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    job_id: Id,
    *,
    url: Url,
    key: Key,
    wait: Wait = False,
    timeout: Timeout = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Try a failed or expired job again. A new attempt is paid anew."""
    from client.carrying import Wish, carry

    with asking(context, url=url, key=key) as client:
        wish = Wish(wait=wait, timeout=timeout, out=out, as_json=as_json)
        carry(client, client.retry(job_id), wish)


@app.command()
def rm(
    context: typer.Context, job_ids: Ids, *, url: Url, key: Key, as_json: AsJson = False
) -> None:
    """Remove jobs that are over, with their images."""
    with asking(context, url=url, key=key) as client:
        for job_id in job_ids:
            client.delete(job_id)
            removed = {"id": job_id, "removed": True}
            typer.echo(json.dumps(removed) if as_json else f"{job_id} removed")
