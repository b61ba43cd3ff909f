"""The states of a job, where each may lead, and how long each is waited in."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final


class JobStatus(StrEnum):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    PROCESSING = "processing"
    STORING = "storing"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


# A job can always be called off or run out of time; news of an earlier attempt can complete it.
_ANY_TIME: Final = frozenset({JobStatus.SUCCEEDED, JobStatus.CANCELLED, JobStatus.EXPIRED})
# What becomes of an attempt: tried again, or the end of the job.
_OUTCOMES: Final = frozenset({JobStatus.QUEUED, JobStatus.PARTIAL, JobStatus.FAILED})

TRANSITIONS: Final[Mapping[JobStatus, frozenset[JobStatus]]] = {
    JobStatus.QUEUED: _ANY_TIME | {JobStatus.SUBMITTING},
    JobStatus.SUBMITTING: _ANY_TIME | _OUTCOMES | {JobStatus.PROCESSING},
    JobStatus.PROCESSING: _ANY_TIME | _OUTCOMES | {JobStatus.STORING},
    JobStatus.STORING: _ANY_TIME | _OUTCOMES,
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.PARTIAL: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.QUEUED}),  # by retry alone
    JobStatus.CANCELLED: frozenset(),
    JobStatus.EXPIRED: frozenset({JobStatus.QUEUED}),  # by retry alone
}

TERMINAL: Final = frozenset(
    {
        JobStatus.SUCCEEDED,
        JobStatus.PARTIAL,
        JobStatus.FAILED,
        JobStatus.CANCELLED,
        JobStatus.EXPIRED,
    }
)

REOPENABLE: Final = frozenset({JobStatus.FAILED, JobStatus.EXPIRED})

SLOW: Final = timedelta(minutes=4)  # what takes longer than this may need more than a look
DISPATCH_PATIENCE: Final = timedelta(seconds=60)
RECOVERY_PATIENCE: Final = timedelta(seconds=30)
# A call that answers with the image itself takes as long as the image does.
SYNC_PATIENCE: Final = timedelta(seconds=150)
UNKNOWN_FATE_PATIENCE: Final = timedelta(minutes=15)
ATTEMPT_PATIENCE: Final = timedelta(minutes=30)
# A finished image that cannot be fetched is fetched again with fresh links, and then given up.
FETCH_PATIENCE: Final = timedelta(minutes=5)
# A provider's links live 24 hours (APIXO, AI/ML API): so long it is looked for after that, as late.
LINK_PATIENCE: Final = timedelta(hours=24)
# So long something may still come of a submission that nothing is known of.
LATE_PATIENCE: Final = timedelta(hours=25)
FINISH_PATIENCE: Final = timedelta(hours=24)
