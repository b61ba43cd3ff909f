"""A job as the text that one record holds, and whether a record holds that much."""

from typing import Final

from shared.adapters.dynamodb.documents import Document
from shared.domain.bounds import LARGEST_RECORD
from shared.domain.errors import RecordTooLarge
from shared.domain.job import Job

_JOB: Final = Document(Job)
_BESIDES: Final = 4096  # bytes: keys, indexes, and what else stands beside the text
_OF_A_TASK: Final = 16  # bytes: its provider's name


def written(job: Job) -> str:
    """Raises RecordTooLarge for what DynamoDB would refuse."""
    text = _JOB.write(job)
    tasks = sum(len(task.id.encode()) + _OF_A_TASK for task in job.awaited_tasks)
    if len(text.encode()) + tasks + _BESIDES > LARGEST_RECORD:
        raise RecordTooLarge(f"{job.id} has grown beyond what one record holds")
    return text


def read(text: str) -> Job:
    return _JOB.read(text)
