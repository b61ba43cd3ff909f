"""A day of a deployment: the calls that were judged in it, and the lines that were written."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.measurement import Metric
from tests.e2e.day import Day, a_day, play
from tests.e2e.permissions import granted, judged, used
from tests.e2e.unneeded import REASONS, excuses

pytestmark = pytest.mark.engine

TOKEN = re.compile(r"k1\.[0-9]{10}\.[\w-]{43}")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with a_day(tmp_path_factory.mktemp("day")) as day:
        play(day)
        yield day


def events_of(day: Day) -> list[str]:
    """Return every event that came to the bus, as it came."""
    came: list[str] = []
    while messages := day.ear.sqs.receive_message(
        QueueUrl=day.ear.url, WaitTimeSeconds=1, MaxNumberOfMessages=10
    ).get("Messages"):
        came += [message["Body"] for message in messages]
        for message in messages:
            day.ear.sqs.delete_message(QueueUrl=day.ear.url, ReceiptHandle=message["ReceiptHandle"])
    return came


def told_in(text: str, secrets: set[str]) -> set[str]:
    """Return the secrets that a text tells, and whatever looks like a callback's token in it."""
    return {secret for secret in secrets if secret in text} | set(TOKEN.findall(text))


def test_no_function_asks_for_what_its_role_does_not_grant(day: Day) -> None:
    seen = judged(day.witness, day.stack)

    assert {(one.role, one.action, one.resource) for one in seen if not one.is_allowed} == set()
    assert len(seen) > 500


def test_nothing_is_granted_that_no_function_asks_for_but_with_a_reason(day: Day) -> None:
    unneeded = granted() - used(judged(day.witness, day.stack), day.stack)

    unexplained = {one for one in unneeded if not any(excuses(why, one) for why in REASONS)}
    assert sorted(unexplained) == []


def test_no_reason_is_given_for_what_is_granted_to_nobody() -> None:
    grants = granted()

    assert [why for why in REASONS if not any(excuses(why, one) for one in grants)] == []


def test_no_line_of_any_log_tells_a_secret_or_a_prompt(day: Day) -> None:
    lines = list(day.lines())

    assert len(lines) > 100
    assert any('"level":"DEBUG"' in line or '"level":"INFO"' in line for line in lines)
    assert told_in("\n".join(lines), day.secrets) == set()


def test_no_event_problem_or_callbacks_answer_tells_a_secret_or_a_prompt(day: Day) -> None:
    events = events_of(day)

    assert len(events) > 20
    assert len(day.problems) > 4
    said = "\n".join([*events, *day.problems, *day.callback_answers])
    assert told_in(said, day.secrets) == set()


def test_what_happened_was_measured_with_few_dimensions(day: Day) -> None:
    metrics = [one for one in day.documents() if "_aws" in one]
    names = {
        told["Name"]
        for one in metrics
        for directive in one["_aws"]["CloudWatchMetrics"]
        for told in directive["Metrics"]
    }
    dimensions = {
        tuple((name, one[name]) for name in directive["Dimensions"][0])
        for one in metrics
        for directive in one["_aws"]["CloudWatchMetrics"]
    }

    assert names == set(Metric)
    assert len(dimensions) < 12
    assert all("job_" not in json.dumps(pairs) for pairs in dimensions)


def test_the_trace_of_a_request_is_found_in_what_its_callback_led_to(day: Day) -> None:
    lines = [one for one in day.documents() if one.get("message") in {"submitted", "collected"}]
    sent = {one["job_id"]: one["xray_trace_id"] for one in lines if one["message"] == "submitted"}
    collected = [one for one in lines if one["message"] == "collected" and one["job_id"] in sent]

    assert collected
    assert {one["trace"] for one in collected} <= set(sent.values())
    assert all(one["trace"] == sent[one["job_id"]] for one in collected)


def test_every_line_of_a_job_says_whose_it_is(day: Day) -> None:
    told = {"submitted", "dispatched", "collected", "deleted"}
    lines = [one for one in day.documents() if one.get("message") in told]

    assert len(lines) > 20
    assert all(one["job_id"].startswith("job_") and one["correlation_id"] for one in lines)
    assert all(one["attempt"] >= 0 for one in lines if one["message"] != "deleted")


def test_the_alarms_and_the_dashboard_stand(day: Day) -> None:
    cloudwatch = day.aws("cloudwatch")
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]

    assert len(alarms) == len({alarm["AlarmName"] for alarm in alarms}) > 10
    body = cloudwatch.get_dashboard(DashboardName="seedhook-local")["DashboardBody"]
    assert len(json.loads(body)["widgets"]) == 9
    assert Path("docs/operations.md").exists()
