"""`seedhook up`: the stack, left running until it is told to stop."""

import json
import sys

from rich.console import Console
from rich.markup import escape

from local.stack import Stack, StackOptions, running_stack

_PROMPT = "a lighthouse in fog, ink drawing"


def up(options: StackOptions, *, as_json: bool) -> None:
    """Run until a signal raises Stopped, or the engine ends and StackError says so."""
    with running_stack(options) as stack:
        if as_json:
            print(json.dumps(stack.ready_line()), flush=True)
        else:
            show(stack, Console(highlight=False, soft_wrap=True), faults=options.chaos.names)
        stack.wait()


def show(stack: Stack, console: Console, *, faults: tuple[str, ...] = ()) -> None:
    rows = {
        "console": stack.console_url,
        "API": f"{stack.api_url}/v1",
        "OpenAI": stack.openai_url,
        "API key": stack.api_key,
        "admin key": stack.admin_key,
        "AWS": f"{stack.aws_endpoint_url} ({stack.region}, any credentials)",
        "uploads": f"s3://{stack.uploads_bucket}",
        "providers": ", ".join(
            f"{one.provider.name} ({'sandbox' if one.sandbox else one.base_url})"
            for one in stack.connections
        ),
    }
    if faults:
        rows["faults"] = ", ".join(faults)
    console.print("\n[bold]Seedhook is ready[/]\n")
    for name, value in rows.items():
        console.print(f"  [dim]{name:<10}[/] {escape(value)}")
    console.print("\n  Try it:\n")
    console.print(escape(curl(stack)), style="cyan")
    console.print("\n  [dim]Ctrl-C stops it.[/]\n")
    sys.stdout.flush()


def curl(stack: Stack) -> str:
    """Give back a command that can be pasted into a shell as it is."""
    body = json.dumps({"model": "seedream-4.5", "prompt": _PROMPT})
    return (
        f"  curl -s {stack.api_url}/v1/jobs \\\n"
        f"    -H 'Authorization: Bearer {stack.api_key}' \\\n"
        f"    -H 'Content-Type: application/json' \\\n"
        f"    -d '{body}'"
    )
