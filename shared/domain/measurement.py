"""What is measured.

Few dimensions of few values each: every combination that is sent is a metric to be paid for. Ids
are no dimensions. What helps to find a line again stands beside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Metric(StrEnum):
    JOBS_ACCEPTED = "JobsAccepted"
    JOBS_FINISHED = "JobsFinished"
    PROVIDER_SECONDS = "ProviderSeconds"
    SPEND_USD = "SpendUsd"
    UNKNOWN_SUBMISSIONS = "UnknownSubmissions"
    FORGED_CALLBACKS = "ForgedCallbacks"
    CALLBACK_TO_STORED = "CallbackToStored"
    STORED_TO_DELIVERED = "StoredToDelivered"
    PUBLISH_AGE = "PublishAge"
    OLDEST_OPEN_JOB = "OldestOpenJob"
    NEW_RESULT_HOSTS = "NewResultHosts"


class Unit(StrEnum):
    COUNT = "Count"
    SECONDS = "Seconds"
    NONE = "None"


UNITS: Final[Mapping[Metric, Unit]] = {
    Metric.JOBS_ACCEPTED: Unit.COUNT,
    Metric.JOBS_FINISHED: Unit.COUNT,
    Metric.PROVIDER_SECONDS: Unit.SECONDS,
    Metric.SPEND_USD: Unit.NONE,
    Metric.UNKNOWN_SUBMISSIONS: Unit.COUNT,
    Metric.FORGED_CALLBACKS: Unit.COUNT,
    Metric.CALLBACK_TO_STORED: Unit.SECONDS,
    Metric.STORED_TO_DELIVERED: Unit.SECONDS,
    Metric.PUBLISH_AGE: Unit.SECONDS,
    Metric.OLDEST_OPEN_JOB: Unit.SECONDS,
    Metric.NEW_RESULT_HOSTS: Unit.COUNT,
}
# Besides the stage, which every metric has.
DIMENSIONS: Final[Mapping[Metric, tuple[str, ...]]] = {
    Metric.JOBS_ACCEPTED: ("Provider",),
    Metric.JOBS_FINISHED: ("Outcome",),
    Metric.PROVIDER_SECONDS: ("Provider",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One value. Of `about` those named in DIMENSIONS make the metric, the rest explains it."""

    metric: Metric
    value: float = 1
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def dimensions(self) -> Mapping[str, str]:
        return {name: self.about[name] for name in DIMENSIONS.get(self.metric, ())}
