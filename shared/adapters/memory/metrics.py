"""Metrics in memory."""

from collections.abc import Iterable

from shared.domain.measurement import Measurement, Metric


class MemoryMetrics:
    def __init__(self) -> None:
        self.told: list[Measurement] = []

    def __call__(self, measurements: Iterable[Measurement]) -> None:
        self.told += measurements

    def values(self, metric: Metric) -> list[float]:
        return [one.value for one in self.told if one.metric is metric]
