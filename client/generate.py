"""`seedhook generate` and `seedhook edit`: images from words, and from images."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from client.asking import asking
from client.job_options import JobOptions, with_job_options
from client.options import AsJson, Key, Url

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.seedhook import Rehearsal, Seedhook

Words = Annotated[str, typer.Argument(metavar="PROMPT", help="What the image shows.")]
Images = Annotated[
    list[str],
    typer.Argument(metavar="IMAGE...", help="Files, https:, upload:, s3: or job:<id>/<index>."),
]
Prompt = Annotated[str, typer.Option(help="What to change.")]


@with_job_options
def generate(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    prompt: Words,
    *,
    url: Url,
    key: Key,
    job: JobOptions,
    as_json: AsJson = False,
) -> None:
    """Make images from words."""
    with asking(context, url=url, key=key) as client:
        _make(client, (), prompt, job, as_json=as_json)


@with_job_options
def edit(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    images: Images,
    *,
    prompt: Prompt,
    url: Url,
    key: Key,
    job: JobOptions,
    as_json: AsJson = False,
) -> None:
    """Change images: files of this machine are uploaded."""
    with asking(context, url=url, key=key) as client:
        _make(client, images, prompt, job, as_json=as_json)


def _make(
    client: "Seedhook", images: Sequence[str], prompt: str, wanted: JobOptions, *, as_json: bool
) -> None:
    if wanted.dry_run:
        told = client.rehearse(prompt, model=wanted.model, images=images, **wanted.fields())
        typer.echo(json.dumps(dict(told.raw)) if as_json else _priced(told))
        return
    from client.carrying import Wish, carry

    job = client.submit(
        prompt,
        model=wanted.model,
        images=images,
        idempotency_key=wanted.idempotency_key,
        **wanted.fields(),
    )
    wish = Wish(wait=wanted.wait, timeout=wanted.timeout, out=wanted.out, as_json=as_json)
    carry(client, job, wish)


def _priced(told: "Rehearsal") -> str:
    amount = told.cost.estimated_usd
    cost = "cost unknown" if amount is None else f"about ${amount:f}"
    sandbox = ", a sandbox" if told.sandbox else ""
    where = f"{told.model} at {told.provider} by {told.delivery}{sandbox}"
    images = f"{told.requested_images} image{'' if told.requested_images == 1 else 's'}"
    return f"{where}: {images}, {cost}; nothing was made"
