"""Announced events: written with their job, kept until published, always the same bytes."""

import json
from datetime import timedelta

from shared.domain.events import Event, JobWebhook, announcement
from shared.domain.job import Job
from shared.ports.jobs import JobStore
from shared.ports.messages import Outbox
from tests.contract.samples import MINUTE, NOW, a_full_job, a_job, claimed, finished, submitted

ALL_DAY = NOW + 1440 * MINUTE


def unpublished(outbox: Outbox) -> list[Event]:
    return list(outbox.unpublished(before=ALL_DAY, limit=100))


def announced(job: Job, *, was: Job | None = None) -> Event:
    event = announcement(job, was=was)
    assert event
    return event


def test_a_new_job_is_announced_in_full(jobs: JobStore, outbox: Outbox) -> None:
    jobs.add(a_job())

    (event,) = unpublished(outbox)

    assert event == announced(a_job())
    assert json.loads(event.detail)["type"] == "job.accepted"


def test_each_announced_step_waits_beside_the_others_in_order(
    jobs: JobStore, outbox: Outbox
) -> None:
    new = a_job()
    claim = claimed(new)
    sent = submitted(claim)
    done = finished(sent)
    jobs.add(new)
    jobs.save(claim, was=new)
    jobs.save(sent, was=claim)
    jobs.save(done, was=sent)

    assert unpublished(outbox) == [
        announced(new),
        announced(sent, was=claim),
        announced(done, was=sent),
    ]


def test_an_event_keeps_its_id_and_its_bytes(jobs: JobStore, outbox: Outbox) -> None:
    jobs.add(a_job())
    jobs.save(a_full_job(), was=a_job())
    first = unpublished(outbox)

    jobs.save(claimed(a_job(1)), was=add(jobs, a_job(1)))

    again = [event for event in unpublished(outbox) if event.subject == f"job#{a_job().id}"]
    assert again == first
    assert [json.loads(event.detail)["id"] for event in first] == [event.id for event in first]


def test_a_step_that_announces_nothing_adds_nothing(jobs: JobStore, outbox: Outbox) -> None:
    jobs.save(claimed(a_job()), was=add(jobs, a_job()))

    assert unpublished(outbox) == [announced(a_job())]


def test_only_events_of_before_are_unpublished(jobs: JobStore, outbox: Outbox) -> None:
    add(jobs, a_job(0))
    add(jobs, a_job(1))

    at = a_job(1).created_at
    early = outbox.unpublished(before=at - timedelta(microseconds=1), limit=10)
    late = outbox.unpublished(before=at, limit=10)

    assert list(early) == [announced(a_job(0))]
    assert len(late) == 2


def test_a_limit_is_kept_and_the_rest_comes_once_those_are_published(
    jobs: JobStore, outbox: Outbox
) -> None:
    expected = {announced(add(jobs, a_job(number))).id for number in range(7)}

    seen, sizes = set(), []
    for _ in range(3):
        events = outbox.unpublished(before=ALL_DAY, limit=3)
        sizes.append(len(events))
        seen |= {event.id for event in events}
        outbox.published(events)

    assert sizes == [3, 3, 1]
    assert seen == expected


def test_a_published_event_is_gone_and_the_others_stay(jobs: JobStore, outbox: Outbox) -> None:
    add(jobs, a_job(0))
    add(jobs, a_job(1))

    outbox.published([announced(a_job(0))])

    assert unpublished(outbox) == [announced(a_job(1))]


def test_publishing_leaves_the_job_as_it_is(jobs: JobStore, outbox: Outbox) -> None:
    add(jobs, a_job())

    outbox.published(unpublished(outbox))

    assert jobs.get(a_job().id) == a_job()
    assert jobs.due(before=ALL_DAY, limit=10)


def test_publishing_twice_does_no_harm(jobs: JobStore, outbox: Outbox) -> None:
    add(jobs, a_job())
    events = unpublished(outbox)

    outbox.published(events)
    outbox.published(events)

    assert unpublished(outbox) == []


def test_an_event_that_was_read_twice_is_published_once(jobs: JobStore, outbox: Outbox) -> None:
    add(jobs, a_job())
    events = unpublished(outbox)

    outbox.published([*events, *events])

    assert unpublished(outbox) == []


def test_beside_the_event_stands_who_is_to_hear_of_it(jobs: JobStore, outbox: Outbox) -> None:
    url = "https://shop.example/hook?password=x"
    jobs.add(a_job(webhook_url=url, webhook_events=("job.accepted",)))

    (event,) = unpublished(outbox)

    assert event.tenant == "acme"
    assert event.webhook == JobWebhook(url=url, key_id=a_job().key_id)
    assert "password" not in event.detail


def test_a_job_is_asked_which_of_its_events_its_own_address_wants(
    jobs: JobStore, outbox: Outbox
) -> None:
    jobs.add(a_job(webhook_url="https://shop.example/", webhook_events=("job.failed",)))

    (event,) = unpublished(outbox)

    assert event.webhook is None


def test_publishing_nothing_is_nothing(outbox: Outbox) -> None:
    outbox.published([])

    assert unpublished(outbox) == []


def test_many_events_are_forgotten_in_one_go(jobs: JobStore, outbox: Outbox) -> None:
    for number in range(30):
        add(jobs, a_job(number))
    events = unpublished(outbox)

    outbox.published(events)

    assert len(events) == 30
    assert unpublished(outbox) == []


def add(jobs: JobStore, job: Job) -> Job:
    jobs.add(job)
    return job
