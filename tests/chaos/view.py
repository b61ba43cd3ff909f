"""What a run shows: a live view on a terminal, a line every few seconds elsewhere, a table last."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tests.chaos.evidence import Evidence
from tests.chaos.oracles import ORACLES, accepted_submissions, charged_by_ledger
from tests.chaos.run import Changed, Run, is_over

type _Row = tuple[object, object, object, object]

_SECONDS_BETWEEN_LINES: Final = 5.0
_FREE: Final = Decimal(0)


@contextmanager
def view(console: Console) -> Iterator[Changed]:
    """Give back what to call whenever the run has changed."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield lambda run: live.update(_live(run))


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0.0

    def __call__(self, run: Run) -> None:
        if run.seconds >= self._next:
            self._next = run.seconds + _SECONDS_BETWEEN_LINES
            self._console.print(_line(run), soft_wrap=True)


def _line(run: Run) -> str:
    states = ", ".join(f"{times} {status}" for status, times in _states(run.evidence()))
    return (
        f"{run.seconds:4.0f} s  {run.phase:<8} {len(run.heard.jobs)} of {len(run.wishes)} posted"
        f" | {states or 'no jobs'}"
        f" | {run.faults} faults, {run.killed.total()} kills, {run.restarts} restarts"
    )


def _live(run: Run) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]chaos[/]", f"seed {run.options.seed}, {run.phase}, {run.seconds:.0f} s")
    table.add_row("posted", f"{len(run.heard.jobs)} of {len(run.wishes)}")
    for status, times in _states(run.evidence()):
        table.add_row(f"[dim]{status}[/]", f"{times:3} [cyan]{'▪' * times}[/]")
    killed = ", ".join(f"{times} {name}" for name, times in run.killed.most_common())
    table.add_row("faults", str(run.faults))
    table.add_row("killed", killed)
    table.add_row("restarts", str(run.restarts))
    return table


def _states(evidence: Evidence) -> list[tuple[str, int]]:
    return Counter(job.status.value for job in evidence.jobs).most_common()


def result(run: Run) -> Table:
    """Return the three witnesses side by side."""
    table = Table(title=f"seed {run.options.seed}, {run.seconds:.0f} s", title_justify="left")
    for heading in ("", "clients", "Seedhook", "providers"):
        table.add_column(heading, justify="right" if heading else "left")
    seen = run.evidence()
    rows = (*_jobs(seen), *_waiting(seen), *_money(seen), *_images(seen), *_events(seen))
    for row in (*rows, ("jobs helped by replaying callbacks", "", len(run.replayed), "")):
        table.add_row(*map(str, row))
    return table


def _jobs(e: Evidence) -> Iterator[_Row]:
    yield "jobs", len(e.wishes), len(e.jobs), ""
    yield "answers with a job", sum(map(len, e.heard.jobs.values())), "", ""
    yield "  replayed under their key", e.heard.replayed, "", ""
    yield "calls without an answer", e.heard.unanswered, "", ""
    yield "cancels, retries", f"{e.heard.cancels}, {e.heard.retries}", "", ""
    for status, times in _states(e):
        yield f"jobs {status}", "", times, ""
    yield "jobs that are over", "", sum(map(is_over, e.jobs)), ""


def _waiting(e: Evidence) -> Iterator[_Row]:
    waiting = [job for job in e.jobs if e.waits_for_its_deadline(job)]
    accepted = sum(bool(e.rows_of(job)) for job in waiting)
    yield "waiting for their deadline", "", len(waiting), ""
    yield "  answer and callback lost", "", "", accepted
    yield "  never accepted", "", "", len(waiting) - accepted


def _money(e: Evidence) -> Iterator[_Row]:
    known = [job for job in e.jobs if job.is_cost_complete]
    ours = sum((job.charged_usd or _FREE for job in known), _FREE)
    theirs = sum((charged_by_ledger(e, job) for job in known), _FREE)
    sent = sum(bool(one.sent_at) for job in e.jobs for one in job.submissions)
    yield "submissions sent; accepted", "", sent, accepted_submissions(e)
    yield "charged, where known (USD)", "", f"{ours:.4f}", f"{theirs:.4f}"
    yield "charged, in all (USD)", "", "", f"{sum((row.charge for row in e.rows), _FREE):.4f}"


def _images(e: Evidence) -> Iterator[_Row]:
    waiting = [job for job in e.jobs if e.waits_for_its_deadline(job)]
    lost = sum(len(row.results) for job in waiting for row in e.rows_of(job))
    stored = sum(len(job.images) for job in e.jobs)
    yield "images stored; made", "", stored, sum(len(row.results) for row in e.rows)
    yield "  nobody can know of yet", "", "", lost


def _events(e: Evidence) -> Iterator[_Row]:
    yield "events heard", len(e.listener.heard), "", ""
    yield "  heard again", e.listener.events - len(e.listener.heard), "", ""


def verdict(run: Run, console: Console) -> None:
    console.print(result(run))
    killed = ", ".join(f"{times} {name}" for name, times in run.killed.most_common())
    console.print(f"killed with SIGKILL: {killed or 'nobody'}; restarts by SIGTERM: {run.restarts}")
    console.print(f"faults that struck: {run.faults}")
    if run.listener.lost:
        console.print(f"the engine lost the listener's rule in {run.listener.lost} restarts")
    for name, words in run.broken:
        console.print(f"[red]broken[/] {name}: {words}", soft_wrap=True)
    if run.broken:
        console.print(f"\nseed {run.options.seed}: {len(run.broken)} times broken")
    else:
        console.print(f"\nseed {run.options.seed}: all {len(ORACLES) + 2} promises kept")
