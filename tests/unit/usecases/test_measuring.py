"""What is measured: every step that was written, once, with few dimensions and no id in them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.delivery import Delivery, DeliveryStatus
from shared.domain.errors import VersionConflict
from shared.domain.ids import DeliveryId
from shared.domain.job import Job
from shared.domain.measurement import DIMENSIONS, UNITS, Measurement, Metric
from shared.domain.metrics import of_callback, of_delivery, of_published, of_step
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from tests.memory_service import NOW, MemoryService
from tests.unit.usecases.test_watching import watch


def told(service: MemoryService, metric: Metric) -> list[Measurement]:
    return [one for one in service.measured.told if one.metric is metric]


def test_a_job_is_counted_when_it_is_accepted_and_when_it_ends(service: MemoryService) -> None:
    job = service.submit(provider="apixo")
    service.time.sleep(7)
    service.apixo.finish_all()
    service.collect(job.id)
    service.collect(job.id)  # a message may come twice

    (accepted,) = told(service, Metric.JOBS_ACCEPTED)
    (finished,) = told(service, Metric.JOBS_FINISHED)
    assert accepted.dimensions == {"Provider": "apixo"}
    assert finished.dimensions == {"Outcome": "succeeded"}
    assert finished.about["job_id"] == job.id


def test_what_a_submission_took_and_cost_is_measured_when_it_is_settled(
    service: MemoryService,
) -> None:
    job = service.submit(provider="apixo", n=2)
    service.time.sleep(7)
    service.apixo.finish_all()
    service.collect(job.id)

    (took,) = told(service, Metric.PROVIDER_SECONDS)
    (cost,) = told(service, Metric.SPEND_USD)
    assert (took.value, took.dimensions) == (7, {"Provider": "apixo"})
    assert (cost.value, cost.about["Model"]) == (0.07, "seedream-4.5")


def test_what_nobody_knows_the_price_of_is_no_spend_of_zero() -> None:
    job, was = settled_step()
    (one,) = job.submissions
    unpriced = replace(job, submissions=(replace(one, charged_usd=None, settled_at=None),))

    assert {one.metric for one in of_step(unpriced, was)} == {Metric.JOBS_FINISHED}


def settled_step() -> tuple[Job, Job]:
    service = MemoryService()
    was = service.submit(provider="apixo")
    service.apixo.finish_all()
    return service.collect(was.id), was


def test_a_lost_answer_is_an_unknown_submission_once(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit(provider="apixo")
    service.time.sleep(15 * 60)
    service.collect(job.id)

    (unknown,) = told(service, Metric.UNKNOWN_SUBMISSIONS)
    (finished,) = told(service, Metric.JOBS_FINISHED)
    assert (unknown.dimensions, unknown.about["Provider"]) == ({}, "apixo")
    assert (finished.about["Outcome"], finished.about["Error"]) == ("failed", "ambiguous_submit")


def test_a_sender_that_died_leaves_an_unknown_submission() -> None:
    _, was = settled_step()
    (one,) = was.submissions
    sending = replace(one, state=SubmissionState.SENDING)
    before = replace(was, submissions=(sending,))
    given_up = replace(was, submissions=(replace(sending, given_up=True),))

    assert [one.metric for one in of_step(given_up, before)] == [Metric.UNKNOWN_SUBMISSIONS]
    assert list(of_step(given_up, given_up)) == []


def test_who_loses_a_write_measures_nothing(service: MemoryService) -> None:
    job = service.submit()
    service.measured.told.clear()

    with pytest.raises(VersionConflict):
        service.jobs.save(job.cancelled(NOW), was=replace(job, version=1))

    assert service.measured.told == []


def test_a_callback_is_measured_by_the_look_that_settled_the_job() -> None:
    job, was = settled_step()
    assert job.completed_at
    heard_at = job.completed_at - timedelta(seconds=3)

    (one,) = of_callback(job, heard_at=heard_at, began_at=job.completed_at)

    assert (one.metric, one.value, one.dimensions) == (Metric.CALLBACK_TO_STORED, 3, {})
    later = job.completed_at + timedelta(seconds=1)
    assert list(of_callback(job, heard_at=heard_at, began_at=later)) == []
    assert list(of_callback(was, heard_at=heard_at, began_at=heard_at)) == []
    unfinished = replace(job, completed_at=None, status=JobStatus.PROCESSING)
    assert list(of_callback(unfinished, heard_at=heard_at, began_at=heard_at)) == []


def a_delivery(**changed: object) -> Delivery:
    pending = Delivery(
        id=DeliveryId("dlv_1"),
        tenant="default",
        url="https://shop.example/",
        message_id="evt_1",
        event_type="job.succeeded",
        body="{}",
        status=DeliveryStatus.DELIVERED,
        due_at=None,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(pending, **changed)  # type: ignore[arg-type]  # by name


def test_a_delivery_of_images_is_measured_from_the_event_to_its_arrival() -> None:
    (one,) = of_delivery(a_delivery(), announced_at=NOW - timedelta(seconds=2))

    assert (one.metric, one.value, one.dimensions) == (Metric.STORED_TO_DELIVERED, 2, {})


@pytest.mark.parametrize(
    "changed",
    [{"event_type": "job.accepted"}, {"status": DeliveryStatus.PENDING}, {"tried": 1}],
)
def test_other_deliveries_and_those_sent_anew_measure_nothing(changed: dict[str, object]) -> None:
    assert list(of_delivery(a_delivery(**changed), announced_at=NOW)) == []


def test_the_oldest_event_tells_how_long_the_bus_was_waited_for(service: MemoryService) -> None:
    service.submit()
    service.time.sleep(4)
    events = list(service.store.announced.values())

    service.publish_events(events)

    assert service.measured.values(Metric.PUBLISH_AGE) == [4]
    assert list(of_published([], NOW)) == []


def test_the_watch_tells_once_a_minute_how_long_the_oldest_open_job_has_waited(
    service: MemoryService,
) -> None:
    oldest = service.submit(provider="oxen")
    service.time.sleep(30)
    service.submit(provider="oxen")

    watch(service, seconds=100)

    assert service.measured.values(Metric.OLDEST_OPEN_JOB) == [30, 90]
    told = [one for one in service.measured.told if one.metric is Metric.OLDEST_OPEN_JOB]
    assert {one.about["job_id"] for one in told} == {oldest.id}


def test_a_job_that_is_over_is_not_open_though_it_is_followed(service: MemoryService) -> None:
    job = service.submit(provider="oxen")
    service.cancel_job(job)
    service.time.sleep(60)

    watch(service, seconds=10)

    assert service.measured.values(Metric.OLDEST_OPEN_JOB) == []


def test_every_metric_has_a_unit_and_dimensions_of_few_values() -> None:
    assert UNITS.keys() == set(Metric)
    assert {name for names in DIMENSIONS.values() for name in names} == {"Provider", "Outcome"}
