"""Where results come from: a host that none has come from so far is told, once by each process."""

from typing import Final

from shared.domain.measurement import Measurement, Metric
from shared.ports.runtime import Metrics

# Where providers have put results so far. It decides nothing: any public host may serve one.
KNOWN: Final = frozenset({"file.apixo.ai", "cdn.apixo.ai", "hub.oxen.ai", "cdn.aimlapi.com"})


class ResultHosts:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._seen = set(KNOWN)

    def __call__(self, host: str) -> None:
        if host not in self._seen:
            self._seen.add(host)
            self._metrics([Measurement(metric=Metric.NEW_RESULT_HOSTS, about={"Host": host})])
