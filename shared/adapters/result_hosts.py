"""Where results come from: a host is told once by each process, so that a new one is seen."""

from shared.domain.measurement import Measurement, Metric
from shared.ports import Metrics


class ResultHosts:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._seen: set[str] = set()

    def __call__(self, host: str) -> None:
        if host not in self._seen:
            self._seen.add(host)
            self._metrics([Measurement(metric=Metric.NEW_RESULT_HOSTS, about={"Host": host})])
