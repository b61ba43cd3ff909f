"""`seedhook scaffold`: a start for a program of one's own, from a job if you like."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from client.asking import asking, complain
from client.exit_codes import ExitCode
from client.options import AsJson, MaybeKey, MaybeUrl

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.seedhook import Job

_SAMPLES: Final = Path(__file__).parent / "samples"
_PACKAGE: Final = Path(__file__).parent
_REQUEST: Final = "request.json"
_FOX: Final = {"model": "seedream-4.5", "prompt": "a fox in watercolour", "n": 1}

Folder = Annotated[Path, typer.Argument(file_okay=False, metavar="DIR", help="Where to write it.")]
From = Annotated[
    str | None, typer.Option("--from", metavar="JOB", help="Ask for what this job was asked for.")
]


def scaffold(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    folder: Folder,
    *,
    url: MaybeUrl = None,
    key: MaybeKey = None,
    job: From = None,
    as_json: AsJson = False,
) -> None:
    """Write a curl script, a Python program and a webhook receiver that verifies."""
    request = _FOX
    if job is not None:
        with asking(context, url=url, key=key) as client:
            request = request_of(client.get(job))
    samples = {path.name.removesuffix(".txt"): path for path in sorted(_SAMPLES.glob("*.txt"))}
    _refuse_to_overwrite(folder, [*samples, _REQUEST])
    try:
        _write(folder, request, samples)
    except OSError as exc:
        complain(f"cannot write {folder}: {exc.strerror}")
        raise typer.Exit(ExitCode.WRONG_USAGE) from exc
    _tell([str(folder / name) for name in (_REQUEST, *samples)], as_json=as_json)


def request_of(job: "Job") -> dict[str, Any]:
    """Return the request that asks for the same again."""
    asked = {name: value for name, value in job.input.items() if value not in (None, [])}
    more = {"tags": list(job.tags), "metadata": dict(job.metadata)}
    return {"model": job.model, **asked, **{name: value for name, value in more.items() if value}}


def _write(folder: Path, request: Mapping[str, Any], samples: Mapping[str, Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _REQUEST).write_text(f"{json.dumps(request, indent=2)}\n", encoding="utf-8")
    for name, path in samples.items():
        (folder / name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "generate.sh").chmod(0o755)


def _refuse_to_overwrite(folder: Path, names: list[str]) -> None:
    there = [str(folder / name) for name in names if (folder / name).exists()]
    if there:
        complain(f"{', '.join(there)} would be overwritten")
        raise typer.Exit(ExitCode.WRONG_USAGE)


def _tell(files: list[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"files": files, "package": str(_PACKAGE)}))
        return
    for file in files:
        typer.echo(file)
    typer.echo(f"the Python files need: pip install {_PACKAGE}")
