"""`make bench-peer`: the time a gateway adds, beside LiteLLM's proxy, into benchmarks/peer.md.

Ends with 1 if a bar is missed, or if the machine was too busy to tell. The method is written down
in docs/benchmarks.md.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.peer.litellm import running_litellm
from benchmarks.peer.load import Candidate, post
from benchmarks.peer.programs import listening
from benchmarks.peer.report import bars, document, figures, head, is_calm
from benchmarks.peer.rounds import Contest, Setting, Share, measure, warm_up
from benchmarks.peer.seedhook import running_seedhook
from benchmarks.table import Table
from local.engine import ROOT
from local.ports import free_port
from local.signals import Stopped, stopping_on_signals

RESULTS: Final = ROOT / "benchmarks" / "peer.md"
SETTINGS: Final = (
    Setting(name="1 in flight", in_flight=1, requests=100, most=2),
    Setting(name="16 in flight", in_flight=16, requests=320, most=1),
    Setting(
        name="16 in flight, upstream takes 0.5 s",
        in_flight=16,
        requests=96,
        upstream_seconds=0.5,
        most=1,
    ),
)


@contextmanager
def running_contest() -> Iterator[Contest]:
    upstream, cores = free_port(), os.cpu_count() or 1
    with (
        _upstream(upstream) as pid,
        running_litellm(upstream, processes=cores) as peer,
        running_seedhook(upstream) as ours,
    ):
        yield Contest(
            upstream=upstream,
            direct=Candidate(
                name="direct",
                ports=(upstream,),
                request=_direct(),
                processes={"upstream": {pid}},
            ),
            ours=ours,
            peers=(_some(peer, 1), _some(peer, cores)),
        )


@contextmanager
def _upstream(port: int) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.peer.upstream", str(port)]
    environ = {"PYTHONPATH": str(ROOT)}
    with listening(command, port=port, log=Path(os.devnull), environ=environ) as pid:
        yield pid


def _direct() -> bytes:
    return post("/v1/images/generations", b'{"model": "seedream", "prompt": "a fox"}', key="a key")


def _some(peer: Candidate, count: int) -> Candidate:
    name = f"{peer.name}, {count} process{'es' if count > 1 else ''}"
    return replace(peer, name=name, ports=peer.ports[:count])


def main() -> int:
    begun, tables = time.monotonic(), list[Table]()
    with stopping_on_signals(), running_contest() as contest:
        warm_up(contest)
        before = Share.taken(contest)
        for setting in SETTINGS:
            measured = measure(contest, setting)
            tables += [figures(contest, setting, measured), bars(contest, setting, measured)]
            print(f"{tables[-2]}\n\n{tables[-1]}\n", flush=True)
        others = Share.taken(contest).of_others_since(before)
    if not is_calm(others):
        print(f"Not written: {others:.0%} of the processors went to other programs meanwhile.")
        return 1
    opening = head(seconds=time.monotonic() - begun, others=others)
    RESULTS.write_text(document(opening, tables))
    return 1 if any(table.missed for table in tables) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stopped as stopped:
        sys.exit(128 + stopped.number)
