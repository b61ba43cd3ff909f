"""What must hold when the dust has settled. Each oracle yields what is broken, in words."""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from shared.domain.errors import ErrorCode
from shared.domain.ids import TaskId
from shared.domain.image import image_folder
from shared.domain.job import Job
from shared.domain.status import TERMINAL
from shared.domain.submission import UNANSWERED, Submission, SubmissionState
from tests.chaos.evidence import Evidence
from tests.chaos.ledger import Row

type Oracle = Callable[[Evidence], Iterator[str]]


def no_answer_is_wrong(e: Evidence) -> Iterator[str]:
    yield from (f"a client was refused: {words}" for words in e.heard.refused)
    for wish in e.wishes:
        if wish.key not in e.heard.jobs:
            yield f"{wish.key} never got an answer"


def no_job_is_lost(e: Evidence) -> Iterator[str]:
    there = {job.id for job in e.jobs}
    for key, ids in e.heard.jobs.items():
        yield from (f"{key}: {one} was answered and is gone" for one in set(ids) - there)


def one_key_is_one_job(e: Evidence) -> Iterator[str]:
    made = Counter(job.metadata.get("key", "") for job in e.jobs)
    asked = {wish.key for wish in e.wishes}
    yield from (f"{key} made {times} jobs" for key, times in made.items() if times > 1)
    yield from (f"a job of nobody's: {key!r}" for key in made.keys() - asked)
    for key, ids in e.heard.jobs.items():
        if len(set(ids)) > 1:
            yield f"{key} was answered with {len(set(ids))} jobs"
        elif len(e.heard.texts[key]) > 1:
            yield f"{key} was answered in {len(e.heard.texts[key])} different ways"


def nothing_is_sent_twice(e: Evidence) -> Iterator[str]:
    known = {job.input.prompt for job in e.jobs}
    yield from (f"{row.task_id} is nobody's" for row in e.rows if row.prompt not in known)
    for job in e.jobs:
        explained = 0
        for one in job.submissions:
            rows = e.rows_of_submission(job, one)
            accepted = _accepted(job, rows)
            explained += len(rows)
            if accepted > 1:
                yield f"{_name(job, one)} was accepted {accepted} times"
            if rows and one.state in {SubmissionState.PLANNED, SubmissionState.REFUSED}:
                yield f"{_name(job, one)} is {one.state} here and was accepted there"
        if more := len(e.rows_of(job)) - explained:
            yield f"{job.id}: {more} tasks were accepted that no submission accounts for"


def every_task_is_known_or_awaited(e: Evidence) -> Iterator[str]:
    """A task that we do not know is one whose answer was lost, and its submission is waited for."""
    owned = {(job.provider, task_id) for job in e.jobs for task_id in job.task_ids}
    for job in e.jobs:
        yield from (
            f"{job.id} names task {task_id}, which does not exist"
            for task_id in job.task_ids
            if (job.provider, task_id) not in e.by_task
        )
        for one in job.submissions:
            unknown = [
                row
                for row in e.rows_of_submission(job, one)
                if (row.provider, TaskId(row.task_id)) not in owned
            ]
            if unknown and one.state not in UNANSWERED:
                yield f"{_name(job, one)} is {one.state} and {len(unknown)} tasks are unknown"


def every_image_is_the_providers(e: Evidence) -> Iterator[str]:
    for job in e.jobs:
        for image in job.images:
            stored = e.images.get(image.key)
            promised = _made(e, job).get((image.attempt, image.position))
            if stored is None:
                yield f"{job.id}: {image.key} is recorded and not stored"
            elif not stored == image.sha256 == promised:
                yield f"{job.id}: {image.key} has other bytes than the provider's: {stored}"


def nothing_paid_is_lost(e: Evidence) -> Iterator[str]:
    for job in e.jobs:
        there = {(image.attempt, image.position) for image in job.images}
        for attempt, position in _made(e, job).keys() - there:
            ones = [s for s in job.submissions if s.attempt == attempt]
            if not any(_may_lack_an_image(one) for one in ones):
                yield f"{job.id}: image {attempt}/{position} was made and is not stored"


def no_image_is_twice(e: Evidence) -> Iterator[str]:
    recorded = Counter(image.key for job in e.jobs for image in job.images)
    yield from (f"{key} is recorded {n} times" for key, n in recorded.items() if n > 1)
    # Images are stored before the job says so: one whose worker was killed will be found there.
    to_be_recorded = tuple(image_folder(job.id) for job in e.jobs if job.followed)
    for key in e.images.keys() - recorded.keys():
        if not key.startswith(to_be_recorded):
            yield f"{key} is stored and nobody's"
    bytes_of = Counter(e.images.values())
    yield from (f"{digest} is stored {n} times" for digest, n in bytes_of.items() if n > 1)


def the_spend_is_the_ledgers(e: Evidence) -> Iterator[str]:
    for job in e.jobs:
        theirs = charged_by_ledger(e, job)
        if (job.charged_usd or 0) > theirs or (job.is_cost_complete and job.charged_usd != theirs):
            yield f"{job.id}: charged {job.charged_usd} here, {theirs} there"


def every_end_is_heard(e: Evidence) -> Iterator[str]:
    for job in e.jobs:
        ends = Counter(entry.status for entry in job.timeline if entry.status in TERMINAL)
        for status, times in ends.items():
            heard = len(e.listener.of(job.id, f"job.{status}"))
            excused = e.excused.count(f"{job.id}/job.{status}")
            if not heard <= times <= heard + excused:
                yield f"{job.id} was {status} {times} times, heard {heard} times"
    for event_id, copies in e.listener.heard.items():
        if len(set(copies)) > 1:
            yield f"{event_id} was heard with {len(set(copies))} different contents"


def every_open_job_is_followed(e: Evidence) -> Iterator[str]:
    for job in e.jobs:
        if (job.followed or not job.is_terminal) and job.due_at is None:
            yield f"{job.id} is {job.status} and nobody will look at it"


ORACLES: Final[tuple[Oracle, ...]] = (
    no_answer_is_wrong,
    no_job_is_lost,
    one_key_is_one_job,
    nothing_is_sent_twice,
    every_task_is_known_or_awaited,
    every_image_is_the_providers,
    nothing_paid_is_lost,
    no_image_is_twice,
    the_spend_is_the_ledgers,
    every_end_is_heard,
    every_open_job_is_followed,
)


def broken(e: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the name of the promise, and how it was broken."""
    for oracle in ORACLES:
        name = oracle.__name__.replace("_", " ")
        yield from ((name, words) for words in oracle(e))


def accepted_submissions(e: Evidence) -> int:
    return sum(
        _accepted(job, e.rows_of_submission(job, one)) for job in e.jobs for one in job.submissions
    )


def charged_by_ledger(e: Evidence, job: Job) -> Decimal:
    return sum((row.charge for row in e.rows_of(job)), Decimal(0))


def _accepted(job: Job, rows: list[Row]) -> int:
    """Count requests: one is a task at APIXO, and as many tasks as images at Oxen."""
    if job.provider == "apixo":
        return len(rows)
    images = [int(row.request["num_generations"]) for row in rows]
    return round(sum(1 / n for n in images))


def _made(e: Evidence, job: Job) -> dict[tuple[int, int], str]:
    """Return the SHA-256 of what the job's tasks have made, by attempt and position."""
    made: dict[tuple[int, int], str] = {}
    for one in job.submissions:
        rows = [e.by_task.get((job.provider, task_id)) for task_id in one.task_ids]
        for number, row in enumerate(rows):
            for at, result in enumerate(row.results if row else ()):
                made[one.attempt, one.first_position + number + at] = result.sha256
    return made


def _may_lack_an_image(one: Submission) -> bool:
    """Whether it is not over yet, or its images were no images in every try."""
    given_up = any(fault.code is ErrorCode.NOT_AN_IMAGE for fault in one.faults)
    return one.may_bring_images or given_up


def _name(job: Job, one: Submission) -> str:
    return f"{job.id} submission {one.attempt}/{one.number}"
