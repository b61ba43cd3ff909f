"""A queue on the event bus, as a consumer of Seedhook would have: what it hears, it keeps."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.events import SOURCE
from tests.chaos.records import Engine

_NAME: Final = "chaos-listener"
_AT_ONCE: Final = 10


@dataclass(slots=True)
class Listener:
    heard: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # by event id
    types: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # ids, job/type
    lost: int = 0  # how often it was gone after a restart

    @property
    def events(self) -> int:
        return sum(map(len, self.heard.values()))

    def attach(self, engine: Engine) -> None:
        """Be there from now on; after a restart a data folder should have kept it."""
        if self._is_there(engine):
            return
        self.lost += bool(self.heard)
        arn = self._queue_arn(engine)
        events, bus = engine.aws("events"), engine.ready["event_bus"]
        pattern = json.dumps({"source": [SOURCE]})
        events.put_rule(Name=_NAME, EventBusName=bus, EventPattern=pattern)
        target = {"Id": _NAME, "Arn": arn}
        events.put_targets(Rule=_NAME, EventBusName=bus, Targets=[target])

    def hear(self, engine: Engine) -> None:
        """Take all that waits. What is heard is deleted only when it has been noted."""
        sqs = engine.aws("sqs")
        url = sqs.get_queue_url(QueueName=_NAME)["QueueUrl"]
        while messages := self._received(sqs, url):
            for message in messages:
                self._note(json.loads(message["Body"]))
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)

    def of(self, job_id: str, kind: str) -> set[str]:
        """Return the ids of a job's events of one type."""
        return self.types[f"{job_id}/{kind}"]

    def _is_there(self, engine: Engine) -> bool:
        events, bus = engine.aws("events"), engine.ready["event_bus"]
        rules = events.list_rules(EventBusName=bus, NamePrefix=_NAME)["Rules"]
        return bool(rules)

    def _queue_arn(self, engine: Engine) -> str:
        sqs, name = engine.aws("sqs"), "QueueArn"
        url = sqs.create_queue(QueueName=_NAME)["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        arn: str = answer["Attributes"][name]
        return arn

    def _received(self, sqs: Any, url: str) -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=_AT_ONCE)
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _note(self, event: dict[str, Any]) -> None:
        detail = event["detail"]
        self.heard[detail["id"]].append(json.dumps(detail, sort_keys=True))
        if detail["type"].startswith("job."):  # others tell of providers, endpoints, budgets
            self.types[f"{detail['data']['id']}/{detail['type']}"].add(detail["id"])
