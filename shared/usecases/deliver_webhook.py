"""Deliver one event to one receiver: claimed, signed now, sent once, written down.

Who dies in the middle leaves a claim that ends after a minute: then it is sent again, with the same
id and the same bytes. Nothing upstream waits, and a slow receiver holds up no other.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from shared.domain.delivery import Delivery, DeliveryStatus, Try
from shared.domain.errors import DeliveryNotFound, VersionConflict, WebhookNotFound
from shared.domain.ids import DeliveryId
from shared.domain.retry_after import wait_of
from shared.domain.webhook import Webhook
from shared.domain.webhook_signature import signed_headers
from shared.ports.keys import ApiKeys
from shared.ports.messages import Wake
from shared.ports.runtime import Clock, RandomBytes
from shared.ports.webhooks import Courier, Deliveries, Webhooks
from shared.usecases.endpoint_health import EndpointHealth
from shared.usecases.endpoint_places import EndpointPlaces

_TRIES: Final = 5
_SOON: Final = timedelta(seconds=60)  # what the watch has to be awake for
# Until a place is free: seconds, unless the receiver is slow. Then what has been waiting for long
# asks less often, or thousands that wait for one receiver would keep everybody busy.
_SHORTEST_WAIT: Final = timedelta(seconds=2)
_LONGEST_WAIT: Final = timedelta(seconds=10)
_OF_ITS_AGE: Final = 8
_LONGEST_OF_ALL: Final = timedelta(minutes=2)
_HEADERS: Final = {"content-type": "application/json", "user-agent": "seedhook"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a delivery, and of its webhook; nothing where there was nothing to do."""

    delivery: Delivery | None = None
    webhook: Webhook | None = None
    warns: bool = False  # somebody ought to look after the endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class _Receiver:
    """Where it goes, and what signs it at this moment."""

    url: str
    secrets: tuple[str, ...]
    place: str
    webhook: Webhook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverWebhook:
    deliveries: Deliveries
    webhooks: Webhooks
    api_keys: ApiKeys
    places: EndpointPlaces
    health: EndpointHealth
    courier: Courier
    wake_watch: Wake
    clock: Clock
    random_bytes: RandomBytes

    def __call__(self, delivery_id: DeliveryId) -> Outcome:
        with suppress(DeliveryNotFound, VersionConflict):  # forgotten, or somebody else is at it
            delivery = self.deliveries.get(delivery_id)
            if delivery.may_be_sent(self.clock.now()):
                receiver = self._receiver(delivery)
                return self._send(delivery, receiver) if receiver else self._give_up(delivery)
        return Outcome()

    def _receiver(self, delivery: Delivery) -> _Receiver | None:
        """Return who gets it, None when there is nobody any more."""
        if delivery.webhook_id is None:
            key = self.api_keys.find(delivery.key_id) if delivery.key_id else None
            place = f"{delivery.tenant}:{urlsplit(delivery.url).netloc}"
            secrets = (key.webhook_secret,) if key else ()
            return _Receiver(url=delivery.url, secrets=secrets, place=place) if key else None
        try:
            webhook = self.webhooks.get(delivery.tenant, delivery.webhook_id)
        except WebhookNotFound:
            return None
        live = webhook.live_secrets(self.clock.now())
        known = _Receiver(url=webhook.url, secrets=live, place=webhook.id, webhook=webhook)
        return known if webhook.enabled else None

    def _give_up(self, delivery: Delivery) -> Outcome:
        given_up = delivery.given_up(None, self.clock.now())
        self.deliveries.save(given_up, was=delivery)
        return Outcome(delivery=given_up)

    def _send(self, delivery: Delivery, receiver: _Receiver) -> Outcome:
        place = self.places.take(receiver.place)
        if place is None:
            return self._postpone(delivery)
        try:
            claimed = delivery.claimed(self.clock.now(), url=receiver.url)
            self.deliveries.save(claimed, was=delivery)
            one, wait = self._post(claimed, receiver)
        except Exception:
            self.places.give_back(place)
            raise
        self.places.give_back(place)
        return self._note(claimed, receiver.webhook, one, wait)

    def _postpone(self, delivery: Delivery) -> Outcome:
        now = self.clock.now()
        of_its_age = min((now - delivery.created_at) / _OF_ITS_AGE, _LONGEST_OF_ALL)
        longest = max(_LONGEST_WAIT, of_its_age)
        wait = _SHORTEST_WAIT + self._chance() * (longest - _SHORTEST_WAIT)
        postponed = delivery.postponed(now, now + wait)
        self.deliveries.save(postponed, was=delivery)
        self.wake_watch()
        return Outcome(delivery=postponed)

    def _post(self, delivery: Delivery, receiver: _Receiver) -> tuple[Try, timedelta | None]:
        at, body = self.clock.now(), delivery.body.encode()
        signed = signed_headers(receiver.secrets, message_id=delivery.message_id, at=at, body=body)
        reply = self.courier(delivery.url, headers=_HEADERS | signed, body=body)
        one = Try(
            at=at,
            milliseconds=reply.milliseconds,
            status=reply.status,
            answer=reply.answer,
            error=reply.error,
        )
        return one, wait_of(reply.retry_after, self.clock.now())

    def _note(
        self, claimed: Delivery, before: Webhook | None, one: Try, wait: timedelta | None
    ) -> Outcome:
        # First the endpoint: who dies in between sends once more, and it stays given up.
        after = self.health.after(one, before) if before else None
        done = self._noted(claimed, one, wait)
        if done and done.due_at and done.due_at <= self.clock.now() + _SOON:
            self.wake_watch()
        warns = bool(before and after and after.warnings > before.warnings)
        return Outcome(delivery=done, webhook=after, warns=warns)

    def _noted(self, claimed: Delivery, one: Try, wait: timedelta | None) -> Delivery | None:
        """Write down what came of it; when somebody took over meanwhile, only that it arrived."""
        delivery, chance = claimed, self._chance()
        for _ in range(_TRIES):
            is_ours = delivery.version == claimed.version
            is_news = one.arrived and delivery.status is not DeliveryStatus.DELIVERED
            if not is_ours and not is_news:
                return None
            changed = self._after(delivery, one, chance=chance, wait=wait)
            try:
                self.deliveries.save(changed, was=delivery)
            except VersionConflict:
                delivery = self.deliveries.get(delivery.id)
            else:
                return changed
        raise VersionConflict(f"{claimed.id} keeps moving")

    def _after(
        self, delivery: Delivery, one: Try, *, chance: float, wait: timedelta | None
    ) -> Delivery:
        now = self.clock.now()
        if one.arrived:
            return delivery.delivered(one, now)
        if one.status == HTTPStatus.GONE:
            return delivery.given_up(one, now)
        return delivery.failed(one, now, chance=chance, wait=wait)

    def _chance(self) -> float:
        return int.from_bytes(self.random_bytes(2)) / 0xFFFF
