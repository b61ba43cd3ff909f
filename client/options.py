"""Options that several commands have: where the API is, who asks, how the answer looks."""

from typing import Annotated
from urllib.parse import urlsplit

import typer


def _checked_url(url: str) -> str:
    """Return where the API's paths begin, however the address was written."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise typer.BadParameter("must be an address such as http://127.0.0.1:8787")
    return url.rstrip("/").removesuffix("/v1")


def _checked_key(key: str) -> str:
    if not all("!" <= char <= "~" for char in key):
        raise typer.BadParameter("holds a character that no key has")
    return key


Url = Annotated[
    str,
    typer.Option(envvar="SEEDHOOK_URL", callback=_checked_url, help="Where the API is."),
]
Key = Annotated[
    str,
    typer.Option(envvar="SEEDHOOK_API_KEY", callback=_checked_key, help="The key to ask with."),
]
AdminKey = Annotated[
    str,
    typer.Option(
        "--key",
        "--admin-key",
        envvar=["SEEDHOOK_ADMIN_KEY", "SEEDHOOK_API_KEY"],
        callback=_checked_key,
        help="The deployment's admin key.",
    ),
]
MaybeUrl = Annotated[
    str | None,
    typer.Option(
        envvar="SEEDHOOK_URL",
        callback=lambda url: None if url is None else _checked_url(url),
        help="Where the API is.",
    ),
]
MaybeKey = Annotated[
    str | None,
    typer.Option(
        envvar="SEEDHOOK_API_KEY",
        callback=lambda key: None if key is None else _checked_key(key),
        help="The key to ask with.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
