"""benchmarks/peer.md: one table of figures and one of bars for each setting."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.peer.figures import spread
from benchmarks.peer.litellm import FOLDER
from benchmarks.peer.rounds import ROUNDS, Contest, Measured, Setting
from benchmarks.table import Bar, Table
from local.engine import PYTHON

MOST_OF_OTHERS: Final = 0.1
_OURS: Final = ("awslambdaric", "aws-lambda-powertools", "pydantic", "httpx")
_HEAD: Final = """# Beside LiteLLM's proxy

`make bench-peer` wrote this on {day}, in {seconds:.0f} s, on {cores} cores ({machine}), Python
{python}, {tools}. Meanwhile {others:.0%} of the processors went to other programs. Figures are
medians of {rounds} rounds. How they are taken, and what each side does for a request, is in
[Benchmarks](../docs/benchmarks.md#beside-litellms-proxy)."""


def head(*, seconds: float, others: float) -> str:
    tools = [
        _installed(FOLDER / "bin" / "python", "litellm"),
        _installed(PYTHON, "ministack"),
        *(f"{name} {version(name)}" for name in _OURS),
    ]
    return _HEAD.format(
        day=datetime.now(UTC).date(),
        seconds=seconds,
        cores=os.cpu_count(),
        machine=platform.machine(),
        others=others,
        python=platform.python_version(),
        tools=", ".join(tools),
        rounds=ROUNDS,
    )


def _installed(python: Path, name: str) -> str:
    """Return name and version as another environment has it."""
    program = f"from importlib.metadata import version; print(version({name!r}), end='')"
    command = [str(python), "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ours
    return f"{name} {done.stdout}"


def figures(contest: Contest, setting: Setting, measured: Mapping[str, Measured]) -> Table:
    columns = ("what", "median ms", "rounds", "slowest 5 %", "added ms", "rounds", "own CPU ms")
    table = Table(setting.name, columns)
    floor = measured[contest.direct.name].taken
    for candidate in contest.all:
        one = measured[candidate.name]
        added = one.taken.added(floor)
        cells = [f"{one.taken.median:.1f}", spread(one.taken.medians), f"{one.taken.tail:.1f}"]
        cells += (
            [f"{added.median:.1f}", spread(added.rounds)]
            if candidate is not contest.direct
            else ["", ""]
        )
        cpu = (f"{name} {ms / one.requests:.1f}" for name, ms in one.cpu.items())
        table.add(candidate.name, *cells, ", ".join(cpu))
        if one.calls != one.requests:
            many = f"{one.calls} calls of the upstream for {one.requests} requests"
            table.notes.append(f"{candidate.name}: {many}")
    return table


def bars(contest: Contest, setting: Setting, measured: Mapping[str, Measured]) -> Table:
    title = f"{setting.name}: what {contest.ours.name} adds"
    table = Table(title, ("beside", "times", "at most", "bar"))
    floor = measured[contest.direct.name].taken
    ours = measured[contest.ours.name].taken.added(floor)
    for peer in contest.peers:
        theirs = measured[peer.name].taken.added(floor)
        most = setting.most if peer is contest.peers[0] else None
        table.add(peer.name, *Bar(ours.beside(theirs), most).cells())
    return table


def is_calm(others: float) -> bool:
    """Tell whether the figures are worth writing down.

    On a busy machine each program gets as much as it has processes, and Seedhook has sixteen.
    """
    return others <= MOST_OF_OTHERS


def document(opening: str, tables: Sequence[Table]) -> str:
    missed = [line for table in tables for line in table.missed]
    verdict = "\n".join(f"* missed: {line}" for line in missed) or "Every bar is held."
    return "\n\n".join([opening, verdict, *map(str, tables)]) + "\n"
