"""Which events go to which endpoints, and what an owner may do with them."""

import pytest

from shared.domain.api_key import ApiKey
from shared.domain.delivery import Delivery
from shared.domain.errors import InvalidRequest, TooManyWebhooks, VersionConflict
from shared.domain.webhook import Webhook
from shared.domain.webhook_signature import verify
from shared.usecases.webhooks import MOST, Change, Registration
from tests.memory_service import NOW, MemoryService
from tests.unit.usecases.receiving import URL, an_endpoint, current, deliver, publish, types


@pytest.fixture
def key(service: MemoryService) -> ApiKey:
    return service.a_key()


# --- planning


def test_every_event_goes_to_every_endpoint_byte_for_byte(service: MemoryService) -> None:
    an_endpoint(service)
    an_endpoint(service, "https://other.example/")
    service.submit()
    events = list(service.store.announced.values())

    publish(service)
    deliver(service)

    details = [event.detail.encode() for event in events]
    for url in (URL, "https://other.example/"):
        bodies = [one.body for one in service.receivers.posted if one.url == url]
        assert sorted(bodies) == sorted(details)
    assert {event.detail for event in service.bus.received} == {d.decode() for d in details}


def test_an_endpoint_hears_only_what_it_asked_for(service: MemoryService) -> None:
    an_endpoint(service, events=("job.submitted",))
    service.submit()

    publish(service)
    deliver(service)

    assert types(service.receivers.posted) == ["job.submitted"]


def test_without_an_endpoint_nothing_is_written(service: MemoryService) -> None:
    service.submit()

    publish(service)

    assert (service.log.rows, list(service.to_deliver.messages)) == ({}, [])


def test_other_tenants_hear_nothing(service: MemoryService) -> None:
    service.manage_webhooks.create("other", Registration(url=URL))
    service.submit()

    publish(service)

    assert service.log.rows == {}


def test_publishing_twice_plans_once(service: MemoryService) -> None:
    an_endpoint(service)
    service.submit()
    events = list(service.store.announced.values())

    service.publish_events(events)
    service.publish_events(events)
    deliver(service)

    assert len(service.receivers.posted) == len(events)


def test_an_event_is_not_forgotten_before_its_deliveries_are_written(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_endpoint(service)
    service.submit()
    announced = dict(service.store.announced)

    def fails(_: Delivery) -> bool:
        raise TimeoutError

    with monkeypatch.context() as broken:
        broken.setattr(service.deliveries, "add", fails)
        with pytest.raises(TimeoutError):
            publish(service)
    assert service.store.announced == announced

    publish(service)

    assert service.store.announced == {}
    assert len(service.log.rows) == len(announced)


def test_a_new_endpoint_hears_the_very_next_event(service: MemoryService) -> None:
    service.submit()
    publish(service)
    an_endpoint(service)
    service.submit()

    publish(service)

    assert len(service.log.rows) == 2


# --- a job's own address


def test_a_jobs_own_address_is_signed_with_its_api_keys_secret(
    service: MemoryService, key: ApiKey
) -> None:
    service.submit(key=key, webhook_url=URL, webhook_events=("job.submitted",))

    publish(service)
    deliver(service)

    (posted,) = service.receivers.posted
    assert verify(key.webhook_secret, headers=posted.headers, body=posted.body, now=NOW)
    assert types([posted]) == ["job.submitted"]


def test_a_job_that_names_no_types_gets_all_of_its_own(service: MemoryService) -> None:
    service.submit(webhook_url=URL)
    service.submit()

    publish(service)
    deliver(service)

    assert sorted(types(service.receivers.posted)) == ["job.accepted", "job.submitted"]


def test_an_address_that_may_not_be_called_is_refused_with_the_job(service: MemoryService) -> None:
    with pytest.raises(InvalidRequest) as caught:
        service.admit(webhook_url="http://169.254.169.254/")

    assert caught.value.errors[0].pointer == "/webhook_url"
    assert service.store.announced == {}


def test_the_address_of_a_job_is_in_no_event(service: MemoryService) -> None:
    service.submit(webhook_url=URL)

    publish(service)

    assert not any("shop.example" in event.detail for event in service.bus.received)


# --- what an owner may do


def test_a_tenant_has_at_most_fifty(service: MemoryService) -> None:
    for _ in range(MOST):
        an_endpoint(service)

    with pytest.raises(TooManyWebhooks):
        an_endpoint(service)
    service.manage_webhooks.create("other", Registration(url=URL))


def test_two_changes_at_once_are_both_kept(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = an_endpoint(service)
    save, calls = service.webhooks.save, []

    def overtaken(changed: Webhook, *, was: Webhook) -> None:
        calls.append(changed)
        if len(calls) == 1:
            save(was.rotated("whsec_other", NOW), was=was)
        save(changed, was=was)

    monkeypatch.setattr(service.webhooks, "save", overtaken)
    service.manage_webhooks.change("default", webhook.id, Change(description="mine"))

    kept = current(service, webhook)
    assert (kept.description, kept.secrets[0].text) == ("mine", "whsec_other")


def test_who_never_gets_through_is_told_so(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = an_endpoint(service)

    def loses(*_: object, **__: object) -> None:
        raise VersionConflict("always")

    monkeypatch.setattr(service.webhooks, "save", loses)
    monkeypatch.setattr(service.webhooks, "remove", loses)

    with pytest.raises(VersionConflict):
        service.manage_webhooks.change("default", webhook.id, Change(description="mine"))
    with pytest.raises(VersionConflict):
        service.manage_webhooks.remove("default", webhook.id)
