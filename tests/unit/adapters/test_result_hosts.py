"""A host that results come from is told once, by whoever meets it."""

from shared.adapters.memory.metrics import MemoryMetrics
from shared.adapters.result_hosts import ResultHosts
from shared.domain.measurement import Metric


def test_a_host_that_is_new_is_told_once() -> None:
    metrics = MemoryMetrics()
    tell = ResultHosts(metrics)

    for host in ("cdn.example", "cdn.example", "file.apixo.ai", "other.example"):
        tell(host)

    assert [one.about["Host"] for one in metrics.told] == ["cdn.example", "other.example"]
    assert {one.metric for one in metrics.told} == {Metric.NEW_RESULT_HOSTS}
    assert {tuple(one.dimensions) for one in metrics.told} == {()}
