"""One job's work beside many stored ones: calls, bytes and capacity units have to stay as they are.

Jobs are put into the table in batches, as the rows that the store would have written: finished ones
with the rows that claim their tasks, and of each hundred one that is still followed, with an entry
in the index of what is due. To play them would take hours. Then a callback job is played as in
`work`. What is compared is what AWS bills, not the embedded engine's time.
"""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from benchmarks.counted import BILLED, Bill, Work, counting_stack
from benchmarks.table import Bar, Table
from benchmarks.work import PATHS, usual_job
from shared.adapters.dynamodb.items import job_item, task_item
from shared.domain.ids import JobId, ulid
from shared.domain.job import Job
from tests.contract.samples import a_job, claimed, finished, submitted

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORED: Final = (1, 100, 10_000, 100_000)
MOST_MORE: Final = 1.05
_FEW: Final = 10_000
_FOLLOWED_EACH: Final = 100
_LOOKED_AT_IN: Final = timedelta(hours=6)  # as at what was called off a day ago
_BETWEEN: Final = timedelta(seconds=1)
_AT_ONCE: Final = 25
_TASK: Final = "stored-000000"
_PATH: Final = "APIXO, callback"


def store(client: "DynamoDBClient", table: str, there: int, count: int) -> None:
    """Fill up to `count` jobs."""
    for some in batched(rows(there, count), _AT_ONCE):
        requests: Any = [{"PutRequest": {"Item": row}} for row in some]
        client.batch_write_item(RequestItems={table: requests})


def rows(start: int, end: int) -> Iterator[dict[str, Any]]:
    """Yield what the store writes of each job. Those that are over differ in their ids alone."""
    now = datetime.now(UTC)
    first = a_job(tenant="default", created_at=now, opened_at=now, updated_at=now)
    over = json.dumps(rows_of(finished(sent(first, _TASK))))
    for number in range(start, end):
        job_id = JobId(f"job_{ulid(now - number * _BETWEEN, number.to_bytes(10))}")
        task = f"stored-{number:06}"
        if number % _FOLLOWED_EACH:
            yield from json.loads(over.replace(first.id, job_id).replace(_TASK, task))
        else:
            job = sent(replace(first, id=job_id), task)
            yield from rows_of(replace(job, due_at=now + _LOOKED_AT_IN))


def sent(job: Job, task: str) -> Job:
    return submitted(claimed(job), task)


def rows_of(job: Job) -> list[dict[str, Any]]:
    return [job_item(job), *(task_item(job, task) for task in job.tasks)]


def billed(work: Work) -> Bill:
    """Return what a job took, without what comes by chance.

    That are the batches that events come in, the question after breakers, which is asked once in
    five seconds, and the size of the picture.
    """
    calls = work.calls.only(lambda _, operation: operation != "Query")
    own = calls.only(lambda function, _: function != "Publish")
    return Bill(
        calls=own.made.total(),
        bytes=own.only(lambda _, operation: operation != "PutObject").sent.total(),
        write_units=calls.write_units,
        read_units=calls.read_units,
    )


def report(stored: tuple[int, ...] = STORED, *, until: float = math.inf) -> Table:
    """Leave out many if at the pace so far they last beyond `until`, on the monotonic clock."""
    table = Table("Scale, stored jobs", ("stored", *BILLED, "of the first", "most", "bar"))
    there, first, each, playing = 0, None, 0.0, 0.0
    with counting_stack() as counted:
        for count in stored:
            begun = time.monotonic()
            if count > _FEW and begun + (count - there) * each + playing > until:
                table.notes.append(
                    f"{count} stored jobs were left out: there was no time for them."
                )
                continue
            store(counted.client("dynamodb"), counted.stack.table, there, count)
            filled = time.monotonic()
            bill = billed(usual_job(counted, PATHS[_PATH]))
            playing, each = time.monotonic() - filled, (filled - begun) / (count - there)
            there, first = count, first or bill
            table.add(str(count), *bill.cells(), *Bar(bill.times(first), MOST_MORE).cells())
    return table


if __name__ == "__main__":
    print(report())
