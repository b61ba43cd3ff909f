"""A delivery: one event on its way to one receiver, the same bytes in every try."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from shared.domain.ids import DeliveryId, JobId, KeyId, WebhookId

# From one try to the next: together they span three days and some hours.
SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
_JITTER: Final = 0.2  # so much longer a pause may be, so that receivers do not get all at once
KEPT_ANSWER: Final = 4096
_KEPT_OF_EARLIER: Final = 256  # of the answers before the latest
_SUCCESS: Final = 2  # of a status, the first digit
_CLOCKS_DIFFER: Final = timedelta(seconds=1)
# A sender that died in the middle of a try is known by then.
SENDING_PATIENCE: Final = timedelta(seconds=60)


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # every try has failed, or the receiver is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One request: what came of it."""

    at: datetime
    milliseconds: int
    status: int | None = None  # None: no answer
    answer: str = ""  # its first 4 kB; once there is a later try, less of it
    error: str | None = None

    @property
    def arrived(self) -> bool:
        """Any 2xx; a redirect is followed by nobody."""
        return self.status is not None and self.status // 100 == _SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`webhook_id` names a registered endpoint; without one the job itself named the address."""

    id: DeliveryId
    tenant: str
    webhook_id: WebhookId | None = None
    key_id: KeyId | None = None  # whose webhook secret signs for an address that a job named
    job_id: JobId | None = None
    url: str
    message_id: str
    event_type: str
    body: str
    status: DeliveryStatus = DeliveryStatus.PENDING
    tries: tuple[Try, ...] = ()
    tried: int = 0  # since it was last sent anew
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int = 1

    def may_be_sent(self, now: datetime) -> bool:
        """Whether it is its turn: not sent yet, and nobody is at it."""
        return self.due_at is not None and self.due_at <= now + _CLOCKS_DIFFER

    def claimed(self, at: datetime, *, url: str) -> Self:
        """Say that a try is under way; should its sender die, it is due again after a minute.

        `url` is where its receiver is by now.
        """
        return self._changed(at, due_at=at + SENDING_PATIENCE, url=url)

    def postponed(self, at: datetime, due_at: datetime) -> Self:
        """Wait for a place at its receiver; that is no try."""
        return self._changed(at, due_at=due_at)

    def delivered(self, one: Try, at: datetime) -> Self:
        return self._tried(one, at, status=DeliveryStatus.DELIVERED, due_at=None)

    def failed(self, one: Try, at: datetime, *, chance: float, wait: timedelta | None) -> Self:
        """Plan the next try, or give up after the last; `chance` from 0 to 1 spreads them.

        `wait` is what the receiver asked for.
        """
        number = self.tried + 1
        if number >= len(SCHEDULE):
            return self._tried(one, at, status=DeliveryStatus.FAILED, due_at=None)
        pause = SCHEDULE[number] * (1 + _JITTER * chance)
        until = at + max(pause, wait or timedelta(0))
        return self._tried(one, at, status=DeliveryStatus.PENDING, due_at=until)

    def given_up(self, one: Try | None, at: datetime) -> Self:
        """Its receiver is gone: there is nobody to try."""
        if one is None:
            return self._changed(at, status=DeliveryStatus.FAILED, due_at=None)
        return self._tried(one, at, status=DeliveryStatus.FAILED, due_at=None)

    def resent(self, at: datetime) -> Self:
        """Begin anew, with the same id and the same bytes."""
        return self._changed(at, status=DeliveryStatus.PENDING, due_at=at, tried=0)

    def _tried(
        self, one: Try, at: datetime, *, status: DeliveryStatus, due_at: datetime | None
    ) -> Self:
        tries = (*map(_shortened, self.tries), one)[-2 * len(SCHEDULE) :]
        return self._changed(at, status=status, due_at=due_at, tries=tries, tried=self.tried + 1)

    def _changed(self, at: datetime, **fields: object) -> Self:
        return replace(self, updated_at=at, version=self.version + 1, **fields)  # type: ignore[arg-type]  # by name


def _shortened(one: Try) -> Try:
    if len(one.answer) <= _KEPT_OF_EARLIER:
        return one
    return replace(one, answer=one.answer[:_KEPT_OF_EARLIER])
