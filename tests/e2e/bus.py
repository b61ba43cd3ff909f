"""A queue on the event bus, as an application has one that wants to hear of its jobs."""

import json
import time
from dataclasses import dataclass
from typing import Any, Final

from local.aws import client

# Less than the 90 that the watch waits before it publishes what the stream did not bring.
AT_ONCE_SECONDS: Final = 60
_NAME = "listener"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusQueue:
    sqs: Any
    url: str

    def hear(self, about: str, kinds: set[str], *, seconds: float) -> set[str]:
        """Wait so long for events of these types about a thing; return what types came."""
        heard: set[str] = set()
        deadline = time.monotonic() + seconds
        while not heard >= kinds and time.monotonic() < deadline:
            answer = self.sqs.receive_message(
                QueueUrl=self.url, WaitTimeSeconds=1, MaxNumberOfMessages=10
            )
            for message in answer.get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                detail = json.loads(message["Body"])["detail"]
                if about in {detail["data"].get(name) for name in ("id", "key_id", "source")}:
                    heard.add(detail["type"])
        return heard


def listen(*, engine_url: str, region: str, event_bus: str) -> BusQueue:
    """Put a queue on the bus that gets whatever Seedhook says from now on."""
    sqs = client("sqs", endpoint_url=engine_url, region=region)
    events = client("events", endpoint_url=engine_url, region=region)
    url = sqs.create_queue(QueueName=_NAME)["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    target = {"Id": _NAME, "Arn": answer["Attributes"]["QueueArn"]}
    pattern = json.dumps({"source": ["seedhook"]})
    events.put_rule(Name=_NAME, EventBusName=event_bus, EventPattern=pattern)
    events.put_targets(Rule=_NAME, EventBusName=event_bus, Targets=[target])
    return BusQueue(sqs=sqs, url=url)
