"""Look at deliveries, and send some of them anew: with the same id and the same bytes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.delivery import Delivery, DeliveryStatus
from shared.domain.errors import (
    DeliveryNotFound,
    InvalidTransition,
    VersionConflict,
    WebhookNotFound,
)
from shared.domain.ids import DeliveryId
from shared.domain.webhook import Webhook
from shared.ports.runtime import Clock
from shared.ports.webhooks import Deliveries, DeliverQueue, DeliveryPage, Webhooks

_PAGE: Final = 100
_MOST_PAGES: Final = 10  # read in one call, and so sent anew at most a thousand
_TRIES: Final = 5

type Matches = Callable[[Delivery], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """How many were sent anew; with a cursor there may be more."""

    count: int
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeliver:
    deliveries: Deliveries
    webhooks: Webhooks
    deliver_queue: DeliverQueue
    clock: Clock

    def matching(
        self, tenant: str, matches: Matches, *, limit: int, cursor: str | None
    ) -> DeliveryPage:
        """Return a tenant's deliveries, newest first; a page may be short, and yet not the last."""
        found: list[Delivery] = []
        for _ in range(_MOST_PAGES):
            page = self.deliveries.newest(tenant, limit=limit - len(found), cursor=cursor)
            found += filter(matches, page.deliveries)
            cursor = page.cursor
            if cursor is None or len(found) >= limit:
                break
        return DeliveryPage(deliveries=tuple(found), cursor=cursor)

    def find(self, tenant: str, delivery_id: DeliveryId) -> Delivery:
        """Raises DeliveryNotFound, also for another tenant's."""
        delivery = self.deliveries.get(delivery_id)
        if delivery.tenant != tenant:
            raise DeliveryNotFound(delivery_id)
        return delivery

    def resend(self, tenant: str, delivery_id: DeliveryId) -> Delivery:
        """Send one anew, whatever became of it. Raises InvalidTransition if nobody would get it."""
        delivery = self.find(tenant, delivery_id)
        if delivery.webhook_id:
            try:
                _check_enabled(self.webhooks.get(tenant, delivery.webhook_id))
            except WebhookNotFound:
                message = "its webhook has been removed: there is nobody to send it to"
                raise InvalidTransition(message) from None
        return self._sent_anew(delivery, lambda _: True) or delivery

    def recover(self, webhook: Webhook, *, since: datetime, cursor: str | None) -> Recovered:
        """Send anew all that the endpoint has not got since then, what waits for a try included.

        Raises InvalidTransition while it is disabled.
        """
        _check_enabled(webhook)
        count, pages = 0, self._pages(webhook.tenant, cursor)
        for page in pages:
            cursor = page.cursor
            recent = [one for one in page.deliveries if one.created_at >= since]
            lost = [one for one in recent if one.webhook_id == webhook.id and _is_lost(one)]
            count += sum(self._sent_anew(one, _is_lost) is not None for one in lost)
            if len(recent) < len(page.deliveries):
                return Recovered(count=count, cursor=None)
        return Recovered(count=count, cursor=cursor)

    def _pages(self, tenant: str, cursor: str | None) -> Iterator[DeliveryPage]:
        for _ in range(_MOST_PAGES):
            page = self.deliveries.newest(tenant, limit=_PAGE, cursor=cursor)
            yield page
            cursor = page.cursor
            if cursor is None:
                return

    def _sent_anew(self, delivery: Delivery, is_wanted: Matches) -> Delivery | None:
        for _ in range(_TRIES):
            if not is_wanted(delivery):
                return None
            anew = delivery.resent(self.clock.now())
            try:
                self.deliveries.save(anew, was=delivery)
            except VersionConflict:
                delivery = self.deliveries.get(delivery.id)
            else:
                self.deliver_queue.send(delivery.id)
                return anew
        raise VersionConflict(f"{delivery.id} keeps moving")


def _is_lost(delivery: Delivery) -> bool:
    return delivery.status is not DeliveryStatus.DELIVERED


def _check_enabled(webhook: Webhook) -> None:
    if not webhook.enabled:
        raise InvalidTransition(f"{webhook.id} is disabled: enable it first")
