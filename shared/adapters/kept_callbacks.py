"""How kept callbacks are named, in S3 and in memory: `callbacks/<job>/<attempt>/<digest>`."""

import hashlib
import re
from typing import Final

from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.ids import JobId
from shared.ports.callbacks import KeptCallback

_FOLDER: Final = "callbacks/"
_NAME: Final = re.compile(_FOLDER + r"job_[0-9A-HJKMNP-TV-Z]{26}/[1-9][0-9]{0,8}/[0-9a-f]{16}")


def folder_of(job_id: JobId | None) -> str:
    """Return where the callbacks of one job lie, or of all."""
    return f"{_FOLDER}{job_id}/" if job_id else _FOLDER


def name_of(job_id: JobId, *, attempt: int, body: bytes) -> str:
    # The content is part of the name: a repeated callback lies on itself, another one beside.
    digest = hashlib.sha256(body).hexdigest()[:16]
    return f"{folder_of(job_id)}{attempt}/{digest}"


def named(name: str, body: bytes) -> KeptCallback:
    job_id, attempt, _ = name.removeprefix(_FOLDER).split("/")
    return KeptCallback(job_id=JobId(job_id), attempt=int(attempt), body=body)


def check_cursor(cursor: str, *, folder: str) -> None:
    """Raises InvalidRequest unless it can be a name in the folder: that is what cursors are."""
    if not _NAME.fullmatch(cursor) or not cursor.startswith(folder):
        message = "is no cursor of this replay"
        raise InvalidRequest([FieldError(pointer="/cursor", code="invalid", message=message)])
