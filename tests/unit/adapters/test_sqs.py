"""What is put into each queue, as SQS and Lambda are asked; and how it is read again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import boto3
import pytest
from botocore.stub import Stubber

from shared.adapters.sqs import (
    LambdaWake,
    SqsBatchQueue,
    SqsDeliverQueue,
    SqsIntakeQueue,
    SqsQueue,
    read_batch_message,
    read_delivery_message,
    read_message,
)
from shared.domain.ids import BatchId, DeliveryId, JobId, TaskId
from shared.ports.messages import TaskHint

URL = "https://sqs.us-east-1.amazonaws.com/000000000000/queue"
BATCH = BatchId("batch_" + 26 * "0")


@contextmanager
def expecting(service: Literal["sqs", "lambda"], call: str, **asked: Any) -> Iterator[Any]:
    """Yield a client that takes exactly this one call, and see that it was made."""
    client = boto3.client(
        service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        stubber.add_response(call, {}, asked)
        yield client
        stubber.assert_no_pending_responses()


def test_a_job_goes_with_what_its_callback_told() -> None:
    body = '{"job_id": "job_1", "attempt": 2, "task_id": "task-1"}'
    hint = TaskHint(attempt=2, task_id=TaskId("task-1"))

    with expecting("sqs", "send_message", QueueUrl=URL, MessageBody=body) as client:
        SqsQueue(client, url=URL).send(JobId("job_1"), hint=hint)

    assert read_message(body) == (JobId("job_1"), hint)


def test_a_delivery_goes_by_its_id() -> None:
    body = '{"delivery_id": "dlv_1"}'

    with expecting("sqs", "send_message", QueueUrl=URL, MessageBody=body) as client:
        SqsDeliverQueue(client, url=URL).send(DeliveryId("dlv_1"))

    assert read_delivery_message(body) == DeliveryId("dlv_1")


def test_an_event_that_waits_stays_as_it_is_and_comes_later() -> None:
    asked = {"QueueUrl": URL, "MessageBody": "as it came", "DelaySeconds": 60}

    with expecting("sqs", "send_message", **asked) as client:
        SqsIntakeQueue(client, url=URL).send_later("as it came", seconds=60)


def test_a_step_of_a_batch_goes_with_its_tenant() -> None:
    body = json.dumps({"tenant": "acme", "batch_id": BATCH})

    with expecting("sqs", "send_message", QueueUrl=URL, MessageBody=body) as client:
        SqsBatchQueue(client, url=URL).send("acme", BATCH)

    assert read_batch_message(body) == ("acme", BATCH)


@pytest.mark.parametrize(
    "body", ["", "[]", "7", "{}", '{"tenant": "acme"}', '{"batch_id": "batch_0"}', "[" * 100_000]
)
def test_what_is_no_step_of_a_batch_is_not_read_as_one(body: str) -> None:
    assert read_batch_message(body) is None


def test_the_watch_is_woken_and_nobody_waits_for_it() -> None:
    asked = {"FunctionName": "watch", "InvocationType": "Event", "Payload": b"{}"}

    with expecting("lambda", "invoke", **asked) as client:
        LambdaWake(client, function="watch")()
