"""Events that ask for work: an object that landed in the uploads bucket, or `job.requested`."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.api.reading import read
from shared.api.requests import JobRequest
from shared.domain.edits import Drop
from shared.domain.errors import FieldError, InvalidRequest
from shared.usecases.admit_job import Wish

_S3: Final = "aws.s3"
_REQUESTED: Final = "job.requested"


class _Event(BaseModel):
    """What EventBridge puts around every event."""

    model_config = ConfigDict(populate_by_name=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    source: str
    kind: Annotated[str, Field(alias="detail-type")]
    time: AwareDatetime
    detail: Any = None


class _Landed(BaseModel):
    class Bucket(BaseModel):
        name: str

    class Object(BaseModel):
        """On this route the key comes as it is: to unquote it would make another key of it."""

        model_config = ConfigDict(populate_by_name=True)

        key: str
        version_id: Annotated[str | None, Field(alias="version-id")] = None

    bucket: Bucket
    object: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One event; `drop` is set when it tells of an object."""

    event_id: str
    at: datetime
    detail: Any
    drop: Drop | None
    waited: bool
    text: str

    def once_more(self) -> str:
        """Return the message that brings the same event again; no sidecar is waited for then."""
        return json.dumps({**json.loads(self.text), "waited": True})


def read_incoming(text: str) -> Incoming | None:
    """Return None for what is no event that anything is taken from."""
    try:
        content = json.loads(text)
        event = _Event.model_validate(content)
        drop = _drop_of(event) if event.source == _S3 else None
    except (ValidationError, ValueError, RecursionError):
        return None
    if drop is None and event.kind != _REQUESTED:
        return None
    return Incoming(
        event_id=event.id,
        at=event.time,
        detail=event.detail,
        drop=drop,
        waited=content.get("waited") is True,
        text=text,
    )


def read_wish(text: bytes, now: datetime) -> Wish:
    """Read a request that came in by a batch line, an event or an edit. Raises InvalidRequest.

    Nobody waits for the answer of a dry run there, so `dry_run: true` is refused: dropped, the
    job would be paid.
    """
    request = read(JobRequest, text)
    if request.dry_run:
        message = "dry_run is for POST /v1/jobs"
        raise InvalidRequest([FieldError(pointer="/dry_run", code="unsupported", message=message)])
    return request.wish(now)


def _drop_of(event: _Event) -> Drop:
    landed = _Landed.model_validate(event.detail)
    return Drop(
        bucket=landed.bucket.name,
        key=landed.object.key,
        version_id=landed.object.version_id,
        at=event.time,
    )
