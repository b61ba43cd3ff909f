"""Tools for who receives webhooks: listen on this machine, sign a body, verify a request."""

import json
import sys
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from client.asking import complain
from client.exit_codes import ExitCode
from client.options import AsJson

if TYPE_CHECKING:  # imported when a command runs: `--help` stays quick
    from client.receiver import Heard

Secret = Annotated[
    str, typer.Option(envvar="SEEDHOOK_WEBHOOK_SECRET", help="The endpoint's whsec_ secret.")
]
Secrets = Annotated[
    list[str],
    typer.Option(
        "--secret",
        envvar="SEEDHOOK_WEBHOOK_SECRET",
        help="A whsec_ secret to verify with; repeatable, as after a rotation.",
    ),
]
Body = Annotated[
    Path,
    typer.Argument(metavar="BODY", allow_dash=True, help="A file with the body; - for stdin."),
]


def listen(
    *,
    secret: Secrets,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 9000,
    count: Annotated[int, typer.Option(min=0, help="Leave after so many; 0 stays.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Receive webhooks on this machine, verify them and print each event.

    A local stack reaches it if started with --allow-loopback 127.0.0.1:PORT.
    """
    from threading import Semaphore

    from client.receiver import receiving

    heard = Semaphore(0)

    def tell(one: "Heard") -> None:
        _print(one, as_json=as_json)
        heard.release()

    for text in secret:
        _check(text)
    try:
        with receiving(("127.0.0.1", port), secrets=secret, tell=tell) as address:
            typer.echo(f"listening at {address}", err=True)
            for _ in range(count) if count else repeat(None):
                heard.acquire()
    except OSError as exc:
        _fail(f"cannot listen on port {port}: {exc.strerror}", ExitCode.WRONG_USAGE)
    except KeyboardInterrupt:
        return


def sign(
    body: Body,
    *,
    secret: Secret,
    message_id: Annotated[str, typer.Option("--id", help="The webhook-id.")],
    as_json: AsJson = False,
) -> None:
    """Print the headers that a body is sent with, as curl's --header @- takes them."""
    from shared.domain.webhook_signature import signed_headers

    _check(secret)
    headers = signed_headers(
        [secret], message_id=message_id, at=datetime.now(UTC), body=_bytes(body)
    )
    if as_json:
        typer.echo(json.dumps(headers))
        return
    for name, value in headers.items():
        typer.echo(f"{name}: {value}")


def verify(
    body: Body,
    *,
    secret: Secrets,
    headers: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="A file with the headers, one in a line."),
    ],
    as_json: AsJson = False,
) -> None:
    """Check a body against its headers; exit code 1 if it is not to be believed."""
    from client.receiver import judged

    for text in secret:
        _check(text)
    one = judged(secret, headers=_headers(headers), body=_bytes(body))
    if as_json:
        typer.echo(json.dumps({"valid": one.reason is None, "id": one.message_id} | _why(one)))
    else:
        typer.echo(f"not valid: {one.reason}" if one.reason else f"valid: {one.message_id}")
    if one.reason:
        raise typer.Exit(ExitCode.JOB_FAILED)


def _headers(path: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in path.read_text("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def _bytes(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as exc:
        _fail(f"cannot read {path}: {exc.strerror}", ExitCode.WRONG_USAGE)


def _check(secret: str) -> None:
    from shared.domain.webhook_signature import signed_headers

    try:
        signed_headers([secret], message_id="", at=datetime.now(UTC), body=b"")
    except ValueError as exc:
        _fail(str(exc), ExitCode.WRONG_USAGE)


def _print(one: "Heard", *, as_json: bool) -> None:
    """Show an event as it came, or why it is not to be believed: control characters escaped."""
    try:
        event: Any = json.loads(one.body)
    except ValueError:
        event = one.body.decode("utf-8", "replace")
    if as_json:
        typer.echo(json.dumps({"id": one.message_id, "event": event} | _why(one)))
    elif one.reason:
        typer.echo(f"not verified: {one.reason}")
    else:
        kind = event.get("type") if isinstance(event, dict) else None
        typer.echo(f"{one.message_id}  {kind}  {json.dumps(event)}")


def _why(one: "Heard") -> dict[str, str]:
    return {"reason": one.reason} if one.reason else {}


def _fail(message: str, code: ExitCode) -> NoReturn:
    complain(message)
    raise typer.Exit(code)
