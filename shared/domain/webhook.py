"""A webhook: an address of a client that wants to hear of events, and how it has fared."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, Self

from shared.domain.ids import WebhookId

# So long both secrets sign after a rotation.
ROTATION_OVERLAP: Final = timedelta(hours=24)
# So long every delivery must have failed before an endpoint is given up.
PATIENCE: Final = timedelta(days=5)
# No two tries of a delivery lie so far apart: what failed before that was another outage.
_FORGOTTEN: Final = timedelta(days=2)
_NOTED_EVERY: Final = timedelta(hours=1)  # an endpoint that fails costs a write now and then
# When its owner is warned on the way there.
_WARN_AFTER: Final = (timedelta(days=1), timedelta(days=3), timedelta(days=4, hours=12))


JobEvent = Literal[
    "job.accepted",
    "job.submitted",
    "job.succeeded",
    "job.partial",
    "job.failed",
    "job.cancelled",
    "job.expired",
    "job.late_result",
]
# What a tenant may hear of; how providers fare is for the operator's bus alone.
TenantEvent = Literal[
    JobEvent, "intake.refused", "batch.completed", "budget.threshold", "webhook.disabled"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecret:
    text: str
    expires_at: datetime | None = None  # None: the one that is current


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    id: WebhookId
    tenant: str
    url: str
    events: tuple[str, ...] = ()  # types to hear of; empty: all
    description: str = ""
    secrets: tuple[WebhookSecret, ...]  # the current one first
    enabled: bool = True
    disabled_because: str | None = None
    failing_since: datetime | None = None
    failed_at: datetime | None = None  # the latest failure that was written down
    warnings: int = 0  # how often its owner has been warned
    created_at: datetime
    updated_at: datetime
    version: int = 1

    def wants(self, event_type: str) -> bool:
        """Whether it asked for such events; while disabled it gets none all the same."""
        return not self.events or event_type in self.events

    def live_secrets(self, at: datetime) -> tuple[str, ...]:
        return tuple(s.text for s in self.secrets if s.expires_at is None or at < s.expires_at)

    def rotated(self, secret: str, at: datetime) -> Self:
        """Sign with a new secret from now on, and for a day with the one before as well."""
        until = at + ROTATION_OVERLAP
        before = tuple(replace(s, expires_at=s.expires_at or until) for s in self.secrets[:1])
        return self._changed(at, secrets=(WebhookSecret(text=secret), *before))

    def changed(
        self,
        at: datetime,
        *,
        url: str | None = None,
        events: tuple[str, ...] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> Self:
        """Take in what its owner wants; enabling it again forgives what went wrong."""
        fresh = enabled is True and not self.enabled
        return self._changed(
            at,
            url=self.url if url is None else url,
            events=self.events if events is None else events,
            description=self.description if description is None else description,
            enabled=self.enabled if enabled is None else enabled,
            disabled_because=None if fresh else self.disabled_because,
            failing_since=None if fresh else self.failing_since,
            failed_at=None if fresh else self.failed_at,
            warnings=0 if fresh else self.warnings,
        )

    def after_success(self, at: datetime) -> Self:
        """Return itself when there is nothing to write down."""
        if self.failing_since is None:
            return self
        return self._changed(at, failing_since=None, failed_at=None, warnings=0)

    def after_failure(self, at: datetime) -> Self:
        """Count the time since everything fails; after five days of it, give the endpoint up.

        Returns itself when there is nothing to write down.
        """
        last = self.failed_at or at
        goes_on = self.failing_since is not None and at - last <= _FORGOTTEN
        since = self.failing_since if goes_on and self.failing_since else at
        if at - since >= PATIENCE:
            return self._disabled(at, "every delivery has failed for five days")
        warnings = sum(at - since >= after for after in _WARN_AFTER)
        if goes_on and warnings <= self.warnings and at - last < _NOTED_EVERY:
            return self
        return self._changed(at, failing_since=since, failed_at=at, warnings=warnings)

    def gone(self, at: datetime) -> Self:
        """The receiver answered 410: it wants no more."""
        return self._disabled(at, "the receiver answered 410 Gone")

    def _disabled(self, at: datetime, why: str) -> Self:
        return self._changed(at, enabled=False, disabled_because=why) if self.enabled else self

    def _changed(self, at: datetime, **fields: object) -> Self:
        return replace(self, updated_at=at, version=self.version + 1, **fields)  # type: ignore[arg-type]  # by name
