"""Metrics, in the form that CloudWatch finds in what a function prints."""

from collections.abc import Iterable
from typing import Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE: Final = "Seedhook"
# Where providers have put results so far. It decides nothing: any public host may serve one.
_SEEN: Final = frozenset({"file.apixo.ai", "cdn.apixo.ai", "hub.oxen.ai", "cdn.aimlapi.com"})


class NewResultHosts:
    """Counts results that lie where none has lain before: somebody ought to know that host."""

    def __init__(self, *, known: Iterable[str]) -> None:
        self._known = _SEEN.union(known)

    def __call__(self, host: str) -> None:
        if host in self._known:
            return
        with single_metric(
            name="NewResultHost", unit=MetricUnit.Count, value=1, namespace=NAMESPACE
        ) as metric:
            metric.add_metadata("host", host)
