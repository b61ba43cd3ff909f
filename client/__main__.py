"""The `seedhook` command. What a command needs is imported when it runs: `--help` stays quick."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from client import callbacks, jobs, keys, models, webhooks
from client.batch import batch
from client.doctor import doctor
from client.exit_codes import ExitCode
from client.generate import edit, generate
from client.options import AsJson
from client.scaffold import scaffold
from client.usage import usage

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Seedhook: a self-hosted, webhook-driven image service.",
)
app.command()(generate)
app.command()(edit)
app.command()(batch)
app.add_typer(jobs.app, name="jobs")
app.add_typer(callbacks.app, name="callbacks")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.command()(usage)
app.add_typer(webhooks.app, name="webhooks")
app.command()(scaffold)
app.command()(doctor)

Port = Annotated[int, typer.Option(min=0, max=65535, help="The API's port; 0 takes a free one.")]
Data = Annotated[
    Path | None,
    typer.Option(
        file_okay=False,
        help="Keep jobs and images in this folder. Jobs are saved when Ctrl-C or SIGTERM stops it:"
        " killed hard, it loses those since its start.",
    ),
]
Latency = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="How slow the sandbox providers are, as a share of the real ones."
        " Default: SEEDHOOK_SANDBOX_LATENCY, else 0.02.",
    ),
]
Chaos = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Faults of the sandbox providers, as docs/sandbox.md tells them.",
    ),
]
AllowLoopback = Annotated[
    list[str] | None,
    typer.Option(metavar="HOST:PORT", help="A loopback origin that jobs may name; repeatable."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Enforce the template's IAM roles.")]
Out = Annotated[Path, typer.Option(file_okay=False, help="Where the images go.")]


@app.callback()
def main() -> None:
    """Keep sub-commands named even while there is one."""


@app.command()
def up(  # noqa: PLR0913 - one parameter per option
    *,
    port: Port = 8787,
    data: Data = None,
    latency: Latency = None,
    chaos: Chaos = None,
    allow_loopback: AllowLoopback = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole stack on this machine until Ctrl-C."""
    with _local_run():
        from local.stack import StackOptions, chaos_plan, sandbox_latency
        from local.up import up as run

        options = StackOptions(
            port=port,
            data=data,
            latency=sandbox_latency(os.environ) if latency is None else latency,
            chaos=chaos_plan(chaos),
            allow_loopback=tuple(allow_loopback or ()),
            strict=strict,
            report=_report,
        )
        run(options, as_json=as_json)


@app.command()
def demo(*, port: Port = 0, out: Out = Path("demo-images"), as_json: AsJson = False) -> None:
    """Run real jobs through the real stack on this machine and keep their images."""
    with _local_run():
        from local.demo import demo as run
        from local.stack import StackOptions, sandbox_latency

        latency = sandbox_latency(os.environ, default=0.1)
        options = StackOptions(port=port, latency=latency, report=_report)
        if not run(options, out=out, as_json=as_json):
            raise typer.Exit(ExitCode.JOB_FAILED)


def _report(text: str) -> None:
    typer.echo(text, err=True)


@contextmanager
def _local_run() -> Iterator[None]:
    """Say what went wrong in one line, with the exit code that means it."""
    from local.errors import StackError, UsageError
    from local.signals import Stopped, stopping_on_signals

    try:
        with stopping_on_signals():
            yield
    except UsageError as exc:
        _fail(exc, ExitCode.WRONG_USAGE)
    except StackError as exc:
        _fail(exc, ExitCode.JOB_FAILED)
    except Stopped as exc:
        raise typer.Exit(ExitCode.OK) from exc


def _fail(exc: Exception, code: ExitCode) -> None:
    typer.echo(f"seedhook: {exc}", err=True)
    raise typer.Exit(code) from exc


if __name__ == "__main__":
    app(prog_name="seedhook")
