"""What a step of a job, a callback, a delivery and an event say as measurements."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from shared.domain.delivery import Delivery, DeliveryStatus
from shared.domain.events import Event
from shared.domain.job import Job
from shared.domain.measurement import Measurement, Metric
from shared.domain.submission import Submission, SubmissionState

_BRINGS_IMAGES: Final = frozenset({"job.succeeded", "job.partial"})


def of_step(job: Job, was: Job | None) -> Iterator[Measurement]:
    """Measure the step from `was` to `job`: who wrote it took it, so it is measured once."""
    about = {"Model": job.model, "job_id": job.id}
    if was is None:
        yield Measurement(metric=Metric.JOBS_ACCEPTED, about={"Provider": job.provider, **about})
        return
    if job.is_terminal and not was.is_terminal:
        code = job.error.code.value if job.error else ""
        outcome = {"Outcome": job.status.value, "Error": code, **about}
        yield Measurement(metric=Metric.JOBS_FINISHED, about=outcome)
    before = {(s.attempt, s.number): s for s in was.submissions}
    for one in job.submissions:
        yield from _of_submission(one, before.get((one.attempt, one.number), one), about)


def _of_submission(
    one: Submission, was: Submission, job: Mapping[str, str]
) -> Iterator[Measurement]:
    about = {"Provider": one.provider, "Attempt": str(one.attempt), **job}
    if _is_unknown(one) and not _is_unknown(was):
        yield Measurement(metric=Metric.UNKNOWN_SUBMISSIONS, about=about)
    if one.state is not SubmissionState.SETTLED or was.state is SubmissionState.SETTLED:
        return
    if one.sent_at and one.settled_at:
        seconds = (one.settled_at - one.sent_at).total_seconds()
        yield Measurement(metric=Metric.PROVIDER_SECONDS, value=seconds, about=about)
    if one.charged_usd is not None:
        spent = float(one.charged_usd)
        yield Measurement(metric=Metric.SPEND_USD, value=spent, about=about)


def _is_unknown(one: Submission) -> bool:
    """Whether nobody knows if it was accepted, or nobody was left to say so."""
    is_abandoned = one.given_up and one.state is SubmissionState.SENDING
    return one.state is SubmissionState.UNKNOWN or is_abandoned


def of_callback(job: Job, *, heard_at: datetime, began_at: datetime) -> Iterator[Measurement]:
    """Measure how long a callback took to become stored images, if this look settled the job."""
    if job.images and job.completed_at and job.completed_at >= began_at:
        seconds = (job.completed_at - heard_at).total_seconds()
        about = {"Model": job.model, "job_id": job.id}
        yield Measurement(metric=Metric.CALLBACK_TO_STORED, value=seconds, about=about)


def of_delivery(delivery: Delivery, *, announced_at: datetime) -> Iterator[Measurement]:
    """Measure how long stored images took to reach a receiver; what is sent anew says nothing."""
    is_first = delivery.tried == len(delivery.tries)
    if (
        delivery.status is DeliveryStatus.DELIVERED
        and delivery.event_type in _BRINGS_IMAGES
        and is_first
    ):
        seconds = (delivery.updated_at - announced_at).total_seconds()
        about = {"job_id": delivery.job_id or "", "delivery_id": delivery.id}
        yield Measurement(metric=Metric.STORED_TO_DELIVERED, value=seconds, about=about)


def of_published(events: Iterable[Event], now: datetime) -> Iterator[Measurement]:
    """Measure how long the oldest of some events has waited for the bus."""
    oldest = min((event.created_at for event in events), default=None)
    if oldest:
        yield Measurement(metric=Metric.PUBLISH_AGE, value=(now - oldest).total_seconds())
