"""Options of the commands that make jobs, and what becomes of them in the request."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from functools import wraps
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.seedhook import JobFields

Model = Annotated[str, typer.Option(help="One of `seedhook models ls`.")]
Count = Annotated[int, typer.Option("--n", min=1, max=10, help="How many images.")]
Resolution = Annotated[str | None, typer.Option(metavar="2K|3K|4K", help="As the model allows.")]
AspectRatio = Annotated[str | None, typer.Option(metavar="W:H", help="As the model allows.")]
Size = Annotated[
    str | None, typer.Option(metavar="WxH", help="Instead of resolution and aspect ratio.")
]
Seed = Annotated[int | None, typer.Option(help="The same seed draws alike, where there is one.")]
OutputFormat = Annotated[str | None, typer.Option(metavar="png|jpeg", help="Where there is one.")]
Watermark = Annotated[
    bool | None, typer.Option("--watermark/--no-watermark", help="Where allowed.")
]
Provider = Annotated[
    str | None, typer.Option(metavar="A,B", help="One, or several in order; else the cheapest.")
]
Delivery = Annotated[
    str | None,
    typer.Option(metavar="callback|poll|stream|sync", help="How the result is learned."),
]
Failover = Annotated[
    bool, typer.Option("--failover/--no-failover", help="Let the next provider do what one failed.")
]
OnUnknown = Annotated[
    str | None,
    typer.Option(metavar="fail|retry", help="When nobody knows whether a request was accepted."),
]
StartBy = Annotated[str | None, typer.Option(metavar="TIME", help="Seconds from now, or RFC 3339.")]
FinishBy = Annotated[
    str | None, typer.Option(metavar="TIME", help="Seconds from now, or RFC 3339.")
]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="To find it by; repeatable.")]
Metadata = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="Returned unchanged; repeatable.")
]
WebhookUrl = Annotated[str | None, typer.Option(metavar="URL", help="Who is told of this job.")]
IdempotencyKey = Annotated[
    str | None, typer.Option(metavar="KEY", help="The same key again makes no second job.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and price it, and make no job.")]
Wait = Annotated[bool, typer.Option("--wait", help="Stay until the job is over.")]
Timeout = Annotated[
    float | None,
    typer.Option(min=0, metavar="SECONDS", help="Stay no longer; the job goes on. Exit code 5."),
]
Out = Annotated[
    Path | None,
    typer.Option(file_okay=False, metavar="DIR", help="Keep the images here; waits for them."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What a command asks of a job, and how far it follows it."""

    model: Model = "seedream-4.5"
    n: Count = 1
    resolution: Resolution = None
    aspect_ratio: AspectRatio = None
    size: Size = None
    seed: Seed = None
    output_format: OutputFormat = None
    watermark: Watermark = None
    provider: Provider = None
    delivery: Delivery = None
    failover: Failover = True
    on_unknown: OnUnknown = None
    start_by: StartBy = None
    finish_by: FinishBy = None
    tag: Tags = None
    metadata: Metadata = None
    webhook_url: WebhookUrl = None
    idempotency_key: IdempotencyKey = None
    dry_run: DryRun = False
    wait: Wait = False
    timeout: Timeout = None
    out: Out = None

    def fields(self) -> "JobFields":
        return {
            "n": self.n,
            "resolution": self.resolution,
            "aspect_ratio": self.aspect_ratio,
            "size": self.size,
            "seed": self.seed,
            "output_format": self.output_format,
            "watermark": self.watermark,
            "provider": _one_or_several(self.provider),
            "delivery": self.delivery,
            "failover": None if self.failover else "off",
            "on_unknown": self.on_unknown,
            "start_by": _moment(self.start_by),
            "finish_by": _moment(self.finish_by),
            "tags": self.tag or None,
            "metadata": _pairs(self.metadata),
            "webhook_url": self.webhook_url,
        }


def with_job_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command each of the options, and hand them to it as one value, `job`."""
    names = [field.name for field in dataclass_fields(JobOptions)]
    hints = get_type_hints(JobOptions, include_extras=True)

    @wraps(command)
    def taking(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in names}
        command(**given, job=JobOptions(**chosen))

    asked = [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in dataclass_fields(JobOptions)
    ]
    own = inspect.signature(command, eval_str=True)
    kept = [parameter for parameter in own.parameters.values() if parameter.name != "job"]
    parameters = [*kept, *asked]
    # Where typer looks: the signature for the order, the annotations for the options.
    taking.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # functions may have one
    taking.__annotations__ = {one.name: one.annotation for one in parameters}
    return taking


def _one_or_several(text: str | None) -> str | list[str] | None:
    names = [name.strip() for name in text.split(",")] if text else []
    return names if len(names) > 1 else text


def _moment(text: str | None) -> float | str | None:
    """Return seconds as a number; what is none is a moment, and the API's to read."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _pairs(texts: list[str] | None) -> dict[str, str] | None:
    pairs = [text.partition("=") for text in texts or ()]
    if not all(name and equals for name, equals, _ in pairs):
        raise typer.BadParameter("must be NAME=VALUE", param_hint="--metadata")
    return {name: value for name, _, value in pairs} or None
