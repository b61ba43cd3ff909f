"""`python -m local.lifecycle`: the states of a job as a picture, drawn from the transition table.

What it prints stands in docs/lifecycle.md; a test compares the two.
"""

from collections.abc import Iterator

from shared.domain.status import TERMINAL, TRANSITIONS, JobStatus


def diagram() -> str:
    """Return a mermaid diagram. Where every open state may lead, one arrow stands for all."""
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in _lines())])


def _lines() -> Iterator[str]:
    still_open = [status for status in JobStatus if status not in TERMINAL]
    shared = frozenset.intersection(*(TRANSITIONS[status] for status in still_open))
    yield f"[*] --> {still_open[0]}"
    for status in still_open:
        for target in _in_order(TRANSITIONS[status] - shared):
            yield f"{status} --> {target}"
    yield f'state "{", ".join(still_open[:-1])} or {still_open[-1]}" as open'
    for target in _in_order(shared):
        yield f"open --> {target}"
    for status in _in_order(TERMINAL):
        for target in _in_order(TRANSITIONS[status]):
            yield f"{status} --> {target}: retry"


def _in_order(statuses: frozenset[JobStatus]) -> list[JobStatus]:
    return [status for status in JobStatus if status in statuses]


if __name__ == "__main__":
    print(diagram())
