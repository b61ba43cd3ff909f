"""docs/operations.md: its commands run, its tables are what the code and the template have."""

import sys
from pathlib import Path
from typing import Any

import pytest

from local.stack import Stack
from local.template_bridge import load_template
from shared.domain.measurement import DIMENSIONS, UNITS, Metric
from shared.domain.status import TERMINAL
from tests.docs.documents import Document
from tests.docs.test_commands import ROOT, run
from tests.e2e.api import Api

DOCUMENT = Document(Path("docs/operations.md"))
RESOURCES = load_template(Path("template.yaml"))["Resources"]
PROVIDERS = 3


def of_type(kind: str) -> dict[str, Any]:
    return {name: one for name, one in RESOURCES.items() if one["Type"] == kind}


def test_every_metric_is_told_with_its_unit_and_dimensions() -> None:
    told = {name: (unit, by) for name, unit, by, _ in DOCUMENT.table("metric")}

    assert told == {
        metric.value: (UNITS[metric].value, ", ".join(DIMENSIONS.get(metric, ())))
        for metric in Metric
    }


def test_what_all_metrics_cost_is_told() -> None:
    values = {(): 1, ("Provider",): PROVIDERS, ("Outcome",): len(TERMINAL)}
    number = sum(values[DIMENSIONS.get(metric, ())] for metric in Metric)

    assert f"make {number}" in DOCUMENT.text
    assert f"${0.30 * (number - 10):.2f} a month" in DOCUMENT.text


def test_every_alarm_is_told_with_what_to_do() -> None:
    told = [name.strip(" `") for row in DOCUMENT.table("alarm") for name in row[0].split(",")]

    assert sorted(told) == sorted(of_type("AWS::CloudWatch::Alarm"))
    assert f"{len(told) - 1} alarms, one more with" in DOCUMENT.text
    assert f"${0.10 * (len(told) - 1 - 10):.2f} to ${0.10 * len(told):.2f} a month" in DOCUMENT.text


def test_an_alarm_watches_a_metric_that_is_sent_with_its_dimensions() -> None:
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        told = alarm["Properties"]
        if told["Namespace"] == "Seedhook":
            names = {one["Name"] for one in told["Dimensions"]}
            assert names == {"Stage", *DIMENSIONS.get(Metric(told["MetricName"]), ())}, name


def test_every_letter_box_that_is_redriven_is_named_as_its_alarm() -> None:
    queues = {name for name in of_type("AWS::SQS::Queue") if name.endswith("DeadLetters")}

    assert {f"{name}Alarm" for name in queues} <= of_type("AWS::CloudWatch::Alarm").keys()


@pytest.mark.engine
def test_the_commands_of_the_runbook_run(stack: Stack, tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "seedhook").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m client "$@"\n')
    (bin_folder / "seedhook").chmod(0o700)
    with Api(base_url=stack.api_url, key=stack.api_key) as api:
        webhook = api.post("/v1/webhooks", json={"url": "https://shop.example/"}).json()
        job = api.finished(api.submit(provider="apixo", prompt="a callback that was lost")["id"])
    blocks = [block.text for block in DOCUMENT.blocks if block.words == ("operations",)]

    said = run(
        ["sh", "-eu", "-c", f'PATH="{bin_folder}:$PATH"\n' + "\n".join(blocks)],
        folder=tmp_path,
        SEEDHOOK_URL=stack.api_url,
        SEEDHOOK_API_KEY=stack.api_key,
        ADMIN_KEY=stack.admin_key,
        WEBHOOK=webhook["id"],
        JOB=job["id"],
        PYTHONPATH=str(ROOT),
    )

    assert len(blocks) == 2
    assert "1 callback" in said
