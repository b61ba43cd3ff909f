"""`seedhook demo`: real jobs through the real stack, on this machine."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from local.demo_around import listening
from local.demo_jobs import JOBS
from local.demo_run import Progress, run_jobs
from local.demo_view import summary, view
from local.function_logs import complaints
from local.ports import LOOPBACK, free_port
from local.stack import StackOptions, running_stack


def demo(options: StackOptions, *, out: Path, as_json: bool) -> bool:
    """Return whether every job succeeded and every image is what its record says."""
    progresses = [Progress(job=job) for job in JOBS]
    # With --json, stdout is for the one document and people read stderr.
    console = Console(stderr=as_json, highlight=False)
    port = free_port()
    options = replace(options, allow_loopback=(*options.allow_loopback, f"{LOOPBACK}:{port}"))
    with running_stack(options) as stack, listening(stack, port) as ear:
        with view(console, progresses) as changed:
            asyncio.run(run_jobs(stack, progresses, ear=ear, out=out, changed=changed))
        succeeded = all(one.succeeded for one in progresses)
        if as_json:
            print(json.dumps(_document(progresses, succeeded=succeeded)), flush=True)
        else:
            if not succeeded and (reasons := complaints(stack.engine)):
                console.print(f"\n{reasons}", style="red", markup=False)
            console.print("\n", summary(progresses), f"\n{_heard(progresses)}")
            console.print(f"{_last_word(out, succeeded=succeeded)}\n")
    return succeeded


def _heard(progresses: Sequence[Progress]) -> str:
    names = ", ".join(one.job.name for one in progresses if one.heard)
    return f"A webhook was told of {names or 'nothing'}, and its signature verified."


def _last_word(out: Path, *, succeeded: bool) -> str:
    if not succeeded:
        return "[red]The demo failed.[/]"
    return (
        f"Every image in [bold]{out}/[/] is byte for byte what its job recorded.\n"
        "[bold]make dev[/] leaves the stack running at http://127.0.0.1:8787/"
    )


def _document(progresses: Sequence[Progress], *, succeeded: bool) -> dict[str, Any]:
    return {
        "succeeded": succeeded,
        "jobs": [
            {
                "name": one.job.name,
                "id": one.id,
                "status": one.state,
                "provider": one.provider,
                "delivery": one.delivery,
                "seconds": round(one.seconds, 2),
                "images": [str(path) for path in one.files],
                "webhook": "verified" if one.heard else None,
                "error": one.error or None,
            }
            for one in progresses
        ],
    }
