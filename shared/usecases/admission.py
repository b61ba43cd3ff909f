"""What an idempotency key stands for: the answer to store under it, and the answer it repeats."""

from datetime import datetime, timedelta
from typing import Final

from shared.domain.errors import AlreadyAdmitted, JobDeleted, KeyReused
from shared.ports.jobs import Admission, Idempotency

_KEY_TTL: Final = timedelta(hours=24)


def admission_of(answer: str, idempotency: Idempotency | None, *, at: datetime) -> Admission | None:
    if idempotency is None:
        return None
    return Admission(
        idempotency=idempotency,
        answer=answer,
        expires_at=at + _KEY_TTL,
    )


def answer_to(known: AlreadyAdmitted, idempotency: Idempotency | None) -> str:
    """Return the stored answer.

    Raises KeyReused for another request, JobDeleted for the same one once its job is deleted.
    """
    if idempotency and known.fingerprint != idempotency.fingerprint:
        message = "this Idempotency-Key came with another request in the last 24 hours"
        raise KeyReused(message)
    if known.answer is None:
        raise JobDeleted("the job that this Idempotency-Key made has been deleted")
    return known.answer
