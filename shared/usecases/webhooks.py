"""What a tenant may do with its webhooks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import TooManyWebhooks, VersionConflict
from shared.domain.ids import WebhookId, ulid
from shared.domain.webhook import Webhook, WebhookSecret
from shared.domain.webhook_signature import secret_of
from shared.ports.addresses import MayReach
from shared.ports.runtime import Clock, RandomBytes
from shared.ports.webhooks import Webhooks
from shared.usecases.check_url import check_url

MOST: Final = 50
_SECRET_BYTES: Final = 32
_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    url: str
    events: tuple[str, ...] = ()
    description: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """None leaves a field as it is."""

    url: str | None = None
    events: tuple[str, ...] | None = None
    description: str | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageWebhooks:
    """Every method but `create` raises WebhookNotFound, also for another tenant's."""

    webhooks: Webhooks
    may_reach: MayReach
    clock: Clock
    random_bytes: RandomBytes

    def create(self, tenant: str, wanted: Registration) -> Webhook:
        """Raises InvalidRequest, or TooManyWebhooks."""
        check_url(wanted.url, pointer="/url", may_reach=self.may_reach)
        if len(self.webhooks.of_tenant(tenant)) >= MOST:
            raise TooManyWebhooks(f"there are {MOST} webhooks: remove one first")
        now = self.clock.now()
        webhook = Webhook(
            id=WebhookId(f"wh_{ulid(now, self.random_bytes(10))}"),
            tenant=tenant,
            url=wanted.url,
            events=wanted.events,
            description=wanted.description,
            enabled=wanted.enabled,
            secrets=(WebhookSecret(text=self._secret()),),
            created_at=now,
            updated_at=now,
        )
        self.webhooks.add(webhook)
        return webhook

    def change(self, tenant: str, webhook_id: WebhookId, wanted: Change) -> Webhook:
        """Raises InvalidRequest."""
        if wanted.url is not None:
            check_url(wanted.url, pointer="/url", may_reach=self.may_reach)

        def change(webhook: Webhook) -> Webhook:
            return webhook.changed(
                self.clock.now(),
                url=wanted.url,
                events=wanted.events,
                description=wanted.description,
                enabled=wanted.enabled,
            )

        return self._revise(tenant, webhook_id, change)

    def rotate(self, tenant: str, webhook_id: WebhookId) -> Webhook:
        secret = self._secret()
        return self._revise(tenant, webhook_id, lambda one: one.rotated(secret, self.clock.now()))

    def remove(self, tenant: str, webhook_id: WebhookId) -> None:
        for _ in range(_TRIES):
            try:
                self.webhooks.remove(self.webhooks.get(tenant, webhook_id))
            except VersionConflict:
                continue
            return
        raise VersionConflict(f"{webhook_id} keeps moving")

    def _revise(
        self, tenant: str, webhook_id: WebhookId, change: Callable[[Webhook], Webhook]
    ) -> Webhook:
        for _ in range(_TRIES):
            webhook = self.webhooks.get(tenant, webhook_id)
            changed = change(webhook)
            try:
                self.webhooks.save(changed, was=webhook)
            except VersionConflict:
                continue
            return changed
        raise VersionConflict(f"{webhook_id} keeps moving")

    def _secret(self) -> str:
        return secret_of(self.random_bytes(_SECRET_BYTES))
