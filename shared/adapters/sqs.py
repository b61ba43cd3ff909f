"""Queues between functions, and the wake-up call for the watch."""

import json
import logging
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.ids import BatchId, DeliveryId, JobId, TaskId
from shared.ports.messages import TaskHint

_logger: Final = logging.getLogger(__name__)

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient


class SqsQueue:
    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, job_id: JobId, *, hint: TaskHint | None = None) -> None:
        self._client.send_message(QueueUrl=self._url, MessageBody=write_message(job_id, hint))


class SqsDeliverQueue:
    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, delivery_id: DeliveryId) -> None:
        body = json.dumps({"delivery_id": delivery_id})
        self._client.send_message(QueueUrl=self._url, MessageBody=body)


class SqsPreviewQueue:
    """Who asks for previews has better things to do than to wait for this queue, or to fail."""

    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, job_id: JobId) -> None:
        try:
            self._client.send_message(QueueUrl=self._url, MessageBody=write_message(job_id, None))
        except (BotoCoreError, ClientError) as exc:
            _logger.warning("previews were not asked for: %s", type(exc).__name__)


class SqsIntakeQueue:
    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send_later(self, message: str, *, seconds: int) -> None:
        self._client.send_message(QueueUrl=self._url, MessageBody=message, DelaySeconds=seconds)


class SqsBatchQueue:
    """Steps of batches go by the intake queue, among the events that it is for."""

    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, tenant: str, batch_id: BatchId) -> None:
        body = json.dumps({"tenant": tenant, "batch_id": batch_id})
        self._client.send_message(QueueUrl=self._url, MessageBody=body)


class LambdaWake:
    def __init__(self, client: "LambdaClient", *, function: str) -> None:
        self._client = client
        self._function = function

    def __call__(self) -> None:
        self._client.invoke(FunctionName=self._function, InvocationType="Event", Payload=b"{}")


def write_message(job_id: JobId, hint: TaskHint | None) -> str:
    message: dict[str, object] = {"job_id": job_id}
    if hint:
        message |= {"attempt": hint.attempt, "task_id": hint.task_id}
    return json.dumps(message)  # ASCII only: SQS refuses some control characters


def read_message(body: str) -> tuple[JobId, TaskHint | None]:
    message = json.loads(body)
    hint = None
    if "task_id" in message:
        hint = TaskHint(attempt=message["attempt"], task_id=TaskId(message["task_id"]))
    return JobId(message["job_id"]), hint


def read_batch_message(body: str) -> tuple[str, BatchId] | None:
    """Return whose batch is to go on; None for a message of another kind."""
    try:
        message = json.loads(body)
        return message["tenant"], BatchId(message["batch_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def read_delivery_message(body: str) -> DeliveryId:
    return DeliveryId(json.loads(body)["delivery_id"])
