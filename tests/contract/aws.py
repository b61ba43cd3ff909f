"""AWS as the adapters see it, and places in it that no other test has used.

Nothing is wired twice: the table's keys and indexes are those of template.yaml, and the clients
have the settings of the functions' own.
"""

import json
from collections.abc import Iterable
from functools import cache, cached_property
from itertools import batched, count
from typing import TYPE_CHECKING, Any, Final

import moto  # noqa: F401  # clients made before this import would not be mocked
from botocore.config import Config

from local.aws import session
from local.engine import REGION, ROOT
from local.template_bridge import load_template
from shared.adapters.aws import _CONFIG, _S3_CONFIG
from shared.adapters.dynamodb.items import job_item
from shared.domain.events import SOURCE
from shared.domain.job import Job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# No proxy of the shell's may come between us and a loopback port.
_DIRECT: Final = Config(proxies={})
_NUMBERS: Final = count(1)
_TAKEN_OVER: Final = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


class Aws:
    def __init__(self, endpoint_url: str | None = None) -> None:
        self._endpoint_url = endpoint_url

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._client("dynamodb")

    @cached_property
    def s3(self) -> "S3Client":
        return self._client("s3")

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._client("sqs")

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._client("events")

    def new_table(self) -> str:
        name = _new_name()
        properties: Any = _table_properties()
        self.dynamodb.create_table(TableName=name, **properties)
        return name

    def place_jobs(self, table: str, jobs: Iterable[Job]) -> None:
        """Put jobs into a table as they lie there, many at a time, and nothing beside them."""
        puts: list[Any] = [{"PutRequest": {"Item": job_item(job)}} for job in jobs]
        for some in batched(puts, 25):
            self.dynamodb.batch_write_item(RequestItems={table: list(some)})

    def new_bucket(self, *, keeps_versions: bool = False) -> str:
        name = _new_name()
        self.s3.create_bucket(Bucket=name)
        if keeps_versions:
            enabled: Any = {"Status": "Enabled"}
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=enabled)
        return name

    def new_queue(self) -> str:
        return self.sqs.create_queue(QueueName=_new_name())["QueueUrl"]

    def new_bus(self) -> tuple[str, str]:
        """Return a bus, and a queue that gets whatever Seedhook puts onto it."""
        bus, queue_url = _new_name(), self.new_queue()
        attributes = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        self.events.create_event_bus(Name=bus)
        pattern = json.dumps({"source": [SOURCE]})
        self.events.put_rule(Name="all", EventBusName=bus, EventPattern=pattern)
        targets: Any = [{"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}]
        self.events.put_targets(Rule="all", EventBusName=bus, Targets=targets)
        return bus, queue_url

    def receive(self, queue_url: str) -> list[str]:
        """Take all messages that are in the queue."""
        bodies: list[str] = []
        while messages := self._receive(queue_url):
            bodies += [message["Body"] for message in messages]
        return bodies

    def _receive(self, queue_url: str) -> list[Any]:
        answer = self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        return list(answer.get("Messages", []))

    def _client(self, name: str) -> Any:
        config = (_S3_CONFIG if name == "s3" else _CONFIG).merge(_DIRECT)
        return session(REGION).client(  # type: ignore[call-overload]  # the stubs want a literal
            name, endpoint_url=self._endpoint_url, config=config
        )


def _new_name() -> str:
    return f"contract-{next(_NUMBERS)}"


@cache
def _table_properties() -> dict[str, Any]:
    """Without the stream: no adapter reads it, and moto copies all of it with the table."""
    properties = load_template(ROOT / "template.yaml")["Resources"]["Table"]["Properties"]
    return {name: properties[name] for name in _TAKEN_OVER}
