"""`seedhook doctor`: what works, what does not, and what to do about it."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from client.asking import asking, plain
from client.exit_codes import ExitCode
from client.options import AsJson, Key, Url

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.checks import Finding

# What the failure of these means; any other is 1.
_CODES = {"api": ExitCode.UNREACHABLE, "key": ExitCode.NOT_AUTHORISED}


def doctor(context: typer.Context, *, url: Url, key: Key, as_json: AsJson = False) -> None:
    """Look whether everything works: each line is ok, warn or fail, with what to do.

    Uploads one pixel to see whether the bucket takes it; it is removed by the bucket's own rules.
    """
    from client.checks import Doctor, Level

    found: list[Finding] = []
    with asking(context, url=url, key=key) as client:
        for finding in Doctor(client=client, url=url).findings():
            found.append(finding)
            if not as_json:
                _tell(finding)
    failed = [finding for finding in found if finding.level is Level.FAIL]
    if as_json:
        typer.echo(json.dumps({"ok": not failed, "findings": [asdict(one) for one in found]}))
    if failed:
        raise typer.Exit(_CODES.get(failed[0].what, ExitCode.JOB_FAILED))


def _tell(finding: "Finding") -> None:
    colour = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}
    level = typer.style(f"{finding.level:<4}", fg=colour[finding.level])
    typer.echo(f"{level}  {finding.what}: {plain(finding.told)}")
    if finding.advice:
        typer.echo(f"      {finding.advice}")
