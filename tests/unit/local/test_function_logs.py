"""What a user is shown of the functions' logs: why something failed, and nothing else."""

import json

import pytest

from local.function_logs import complaint_of
from shared.adapters.emf import EmfMetrics
from shared.adapters.memory.messages import VirtualClock
from shared.domain.measurement import Measurement, Metric
from tests.memory_service import NOW


def test_an_error_is_shown_with_its_reason() -> None:
    line = {"level": "ERROR", "message": "not done", "exception": "Traceback\n  ...\nOSError: no"}

    assert complaint_of(json.dumps(line)) == "not done OSError: no"


def test_the_end_of_a_plain_traceback_is_shown() -> None:
    assert complaint_of("botocore.exceptions.ClientError: denied") is not None


def test_metrics_are_not_shown() -> None:
    lines: list[str] = []
    error = Measurement(metric=Metric.JOBS_FINISHED, about={"Outcome": "failed", "Error": "ERROR"})
    EmfMetrics(stage="local", clock=VirtualClock(NOW), write=lines.append)([error])

    assert [complaint_of(line.strip()) for line in lines] == [None]


@pytest.mark.parametrize("line", ['{"level": "INFO"}', "[1]", "7", "START RequestId: 1"])
def test_other_lines_are_not_shown(line: str) -> None:
    assert complaint_of(line) is None
