"""Take in a job that an application asked for by an event: `job.requested` on our bus."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import (
    BudgetExceeded,
    ComeBackLater,
    FieldError,
    InvalidRequest,
    JobDeleted,
    KeyReused,
)
from shared.ports.jobs import Idempotency
from shared.ports.messages import Queue
from shared.ports.runtime import Clock
from shared.usecases.admit_job import AdmitJob
from shared.usecases.refuse_intake import Refusal, RefuseIntake
from shared.usecases.taken import FindKey, ReadWish, Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRequest:
    """The event's id is the idempotency key: an event that comes twice makes one job."""

    admit_job: AdmitJob
    dispatch_queue: Queue
    refuse: RefuseIntake
    find_key: FindKey
    clock: Clock

    def __call__(self, event_id: str, body: bytes, *, at: datetime, read_wish: ReadWish) -> Taken:
        try:
            return self._admit(event_id, body, read_wish)
        except InvalidRequest as error:
            refusal = Refusal.of(error)
        except BudgetExceeded as error:
            refusal = Refusal(code="budget_exceeded", detail=str(error))
        except ComeBackLater as error:
            return Taken.later(error, came=at, now=self.clock.now())
        except JobDeleted:  # the event came once more, its job is not wanted any more
            return Taken()
        except KeyReused:
            words = "another request came under this event's id before"
            refusal = Refusal(code="idempotency_key_reused", detail=words)
        self.refuse(refusal, source=f"event:{event_id}", at=at, key=self.find_key())
        return Taken(refused=refusal.code)

    def _admit(self, event_id: str, body: bytes, read_wish: ReadWish) -> Taken:
        key = self.find_key()
        if key is None:
            message = "jobs by event are not switched on: no API key is named for them"
            raise InvalidRequest([FieldError(pointer="", code="instruction", message=message)])
        idempotency = Idempotency(
            key=_digest(f"{key.id}\0event\0{event_id}".encode()), fingerprint=_digest(body)
        )
        admitted = self.admit_job(read_wish(body), key=key, render=str, idempotency=idempotency)
        if admitted.job:
            self.dispatch_queue.send(admitted.job.id)
        return Taken(job=admitted.job)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
