"""Metrics are lines of the log that CloudWatch reads as such."""

import json

import pytest

from shared.adapters.emf import EmfMetrics
from shared.adapters.memory.messages import VirtualClock
from shared.domain.measurement import Measurement, Metric
from tests.memory_service import NOW

ABOUT = {"Provider": "apixo", "Model": "seedream-4.5", "job_id": "job_1"}
TOOK = Measurement(metric=Metric.PROVIDER_SECONDS, value=7.5, about=ABOUT)


def test_a_measurement_is_one_line_in_the_embedded_format() -> None:
    lines: list[str] = []

    EmfMetrics(stage="prod", clock=VirtualClock(NOW), write=lines.append)([TOOK, TOOK])

    assert len(lines) == 2
    assert lines[0].endswith("\n")
    assert json.loads(lines[0]) == {
        "_aws": {
            "Timestamp": int(NOW.timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": "Seedhook",
                    "Dimensions": [["Stage", "Provider"]],
                    "Metrics": [{"Name": "ProviderSeconds", "Unit": "Seconds"}],
                }
            ],
        },
        "Provider": "apixo",
        "Model": "seedream-4.5",
        "job_id": "job_1",
        "Stage": "prod",
        "ProviderSeconds": 7.5,
    }


def test_lines_go_to_the_functions_own_log(capsys: pytest.CaptureFixture[str]) -> None:
    EmfMetrics(stage="dev", clock=VirtualClock(NOW))([TOOK])

    assert json.loads(capsys.readouterr().out)["Stage"] == "dev"
