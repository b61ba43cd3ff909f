"""Seedhook from Python: submit jobs, follow them, keep their images.

`Seedhook` is for ordinary code, `AsyncSeedhook` for `async` code; both can do the same.
"""

from .asynchronous import AsyncSeedhook
from .attempts import Patience
from .documents import Attempt, Cost, Fault, Form, Image, Job, Moment, Rehearsal
from .errors import (
    ApiError,
    BudgetExceeded,
    Gone,
    Invalid,
    JobFailed,
    Misconfigured,
    NotAuthorised,
    NotFound,
    NotWhole,
    SeedhookError,
    ServerFailed,
    SignatureInvalid,
    StillRunning,
    Throttled,
    Unreachable,
)
from .fields import JobFields, JobFilter
from .report_documents import Batch, Health, Model, Offer, Provider, UsageRow
from .synchronous import Seedhook
from .version import __version__

__all__ = [
    "ApiError",
    "AsyncSeedhook",
    "Attempt",
    "Batch",
    "BudgetExceeded",
    "Cost",
    "Fault",
    "Form",
    "Gone",
    "Health",
    "Image",
    "Invalid",
    "Job",
    "JobFailed",
    "JobFields",
    "JobFilter",
    "Misconfigured",
    "Model",
    "Moment",
    "NotAuthorised",
    "NotFound",
    "NotWhole",
    "Offer",
    "Patience",
    "Provider",
    "Rehearsal",
    "Seedhook",
    "SeedhookError",
    "ServerFailed",
    "SignatureInvalid",
    "StillRunning",
    "Throttled",
    "Unreachable",
    "UsageRow",
    "__version__",
]
