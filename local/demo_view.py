"""What the demo shows: a live table on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from local.demo_run import Changed, Progress

_COLOURS = {
    "waiting": "dim",
    "queued": "dim",
    "submitting": "yellow",
    "processing": "cyan",
    "storing": "blue",
    "succeeded": "green",
}


@contextmanager
def view(console: Console, progresses: Sequence[Progress]) -> Iterator[Changed]:
    """Give back what to call when a job changed."""
    if not console.is_terminal:
        yield _line_printer(console)
        return
    with Live(
        get_renderable=lambda: _live_table(progresses), console=console, refresh_per_second=8
    ) as live:
        yield lambda _: live.refresh()


def summary(progresses: Sequence[Progress]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("job", "provider", "delivery", "seconds", "images"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for one in progresses:
        files = "\n".join(str(path) for path in one.files)
        table.add_row(
            one.job.name,
            one.provider,
            one.delivery,
            f"{one.seconds:.1f}",
            f"[red]{escape(one.error)}[/]" if one.error else escape(files),
        )
    return table


def _line_printer(console: Console) -> Callable[[Progress], None]:
    def print_line(one: Progress) -> None:
        kept = f"{len(one.files)} kept" if one.files else ""
        text = one.error or kept or one.state
        console.print(f"{one.seconds:6.1f} s  {one.job.name}: {text}", markup=False, soft_wrap=True)

    return print_line


def _live_table(progresses: Sequence[Progress]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for one in progresses:
        state = "failed" if one.error else one.state
        table.add_row(
            f"[bold]{one.job.name}[/]",
            f"[dim]{one.job.title}[/]",
            f"[{_COLOURS.get(state, 'red')}]{state}[/]",
            f"{one.seconds:5.1f} s",
        )
    return table
