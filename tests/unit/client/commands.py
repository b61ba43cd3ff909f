"""The `seedhook` command against the real API in memory, or against one that is played."""

import json
from collections.abc import Callable
from typing import Any

import httpx
from typer.testing import CliRunner, Result

from client.__main__ import app

URL = "https://seedhook.example"

type Run = Callable[..., Result]

_NOTHING = {"SEEDHOOK_URL": None, "SEEDHOOK_API_KEY": None, "SEEDHOOK_WEBHOOK_SECRET": None}


def command(transport: httpx.BaseTransport, *, key: str = "sk_key") -> Run:
    """Return what runs a command line with the key, and with nothing of this environment."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(
            app, [*arguments, "--url", URL, "--key", key], obj=transport, env=_NOTHING
        )

    return run


def said(result: Result) -> Any:
    """Return the document on stdout, of a command that went well."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
