"""Note how an endpoint fares: a healthy one costs no write, a dead one is given up."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from shared.domain.delivery import Try
from shared.domain.errors import VersionConflict, WebhookNotFound
from shared.domain.webhook import Webhook
from shared.ports.runtime import Clock
from shared.ports.webhooks import Webhooks

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointHealth:
    webhooks: Webhooks
    clock: Clock

    def after(self, one: Try, webhook: Webhook) -> Webhook:
        """Return the webhook as it is after a try."""
        for _ in range(_TRIES):
            changed = self._changed(webhook, one)
            if changed is webhook:
                return webhook
            try:
                self.webhooks.save(changed, was=webhook)
            except VersionConflict:
                try:
                    webhook = self.webhooks.get(webhook.tenant, webhook.id)
                except WebhookNotFound:  # removed meanwhile
                    return webhook
            else:
                return changed
        return webhook  # others write what they learn of it, and the next try will tell the same

    def _changed(self, webhook: Webhook, one: Try) -> Webhook:
        now = self.clock.now()
        if one.arrived:
            return webhook.after_success(now)
        if one.status == HTTPStatus.GONE:
            return webhook.gone(now)
        return webhook.after_failure(now)
