"""One job's work beside many stored ones: calls and bytes have to stay as they are.

Finished jobs are put into the table as the rows that the store would have written; then a callback
job is played as in `work`. What is compared is what AWS bills, not the embedded engine's time.
A hundred thousand with `python -m benchmarks.scale 100000`.
"""

import sys
from typing import Any, Final

from benchmarks.table import Bar, Table
from benchmarks.work import PATHS, Counted, Work, counting_stack, usual_job
from local.aws import client
from shared.adapters.dynamodb.items import job_item
from tests.contract.samples import a_job, claimed, finished, submitted

STORED: Final = (1, 100, 10_000)
MOST_MORE: Final = 1.05
_AT_ONCE: Final = 25
_PATH: Final = "APIXO, callback"


def store(counted: Counted, there: int, count: int) -> None:
    """Fill up to `count` jobs."""
    table = client(
        "dynamodb", endpoint_url=counted.stack.aws_endpoint_url, region=counted.stack.region
    )
    for start in range(there, count, _AT_ONCE):
        size = min(_AT_ONCE, count - start)
        requests: Any = [{"PutRequest": {"Item": row(start + n)}} for n in range(size)]
        table.batch_write_item(RequestItems={counted.stack.table: requests})


def row(number: int) -> dict[str, Any]:
    job = submitted(claimed(a_job(number, tenant="default")), f"stored-{number}")
    return job_item(finished(job))


def billed(work: Work) -> tuple[int, int]:
    """Return calls and bytes, without the batches that events happen to come in and the picture."""
    own = {call for call in work.calls if call[0] != "Publish"}
    calls = sum(work.calls[call] for call in own if call[1] != "Query")
    return calls, sum(work.sent[call] for call in own if call[1] not in {"PutObject", "Query"})


def report(stored: tuple[int, ...] = STORED) -> Table:
    table = Table("Scale, stored jobs", ("stored", "calls", "bytes", "of the first", "most", "bar"))
    there, first = 0, (0, 0)
    with counting_stack() as counted:
        for count in stored:
            store(counted, there, count)
            there = count
            calls, size = billed(usual_job(counted, PATHS[_PATH]))
            first = first if first[0] else (calls, size)
            more = Bar(max(calls / first[0], size / first[1]), MOST_MORE)
            table.add(str(count), str(calls), str(size), *more.cells())
    return table


if __name__ == "__main__":
    print(report((*STORED, *map(int, sys.argv[1:]))))
