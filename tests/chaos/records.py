"""Seedhook's own records: the table, and the media bucket."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import client
from shared.adapters.dynamodb.items import read_event, read_job
from shared.domain.job import Job
from shared.domain.submission import UNANSWERED, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    jobs: tuple[Job, ...] = ()
    announced: tuple[str, ...] = ()  # <job>/<type> of events that the bus has not got yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What stands in the ready line of `seedhook up`, as clients."""

    ready: Mapping[str, str] = field(default_factory=dict)

    def aws(self, service: str) -> Any:
        url, region = self.ready["aws_endpoint_url"], self.ready["region"]
        return client(service, endpoint_url=url, region=region)


def read_table(engine: Engine) -> Snapshot:
    pages = engine.aws("dynamodb").get_paginator("scan")
    found = pages.paginate(TableName=engine.ready["table"], ConsistentRead=True)
    items = [item for page in found for item in page["Items"]]
    return Snapshot(
        jobs=tuple(read_job(item) for item in items if item["sk"]["S"] == "job"),
        announced=tuple(
            f"{event.subject.removeprefix('job#')}/{event.type}"
            for event in (read_event(i) for i in items if i["sk"]["S"].startswith("event#"))
        ),
    )


def read_images(engine: Engine) -> dict[str, str]:
    """Return the SHA-256 of every image in the bucket, by key; or why it cannot be read."""
    s3, bucket = engine.aws("s3"), engine.ready["media_bucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="images/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {key: _digest(s3, bucket, key) for key in keys}


def _digest(s3: Any, bucket: str, key: str) -> str:
    try:
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (BotoCoreError, ClientError) as exc:  # such as fewer bytes than it said
        return f"unreadable: {key}: {exc}"
    return hashlib.sha256(content).hexdigest()


def messages_to_collect(engine: Engine) -> int:
    """Count messages about results that nobody is done with: waiting, or taken and not finished."""
    sqs, names = engine.aws("sqs"), ["ApproximateNumberOfMessages"]
    names.append("ApproximateNumberOfMessagesNotVisible")
    urls = [url for url in sqs.list_queues()["QueueUrls"] if "CollectQueue" in url]
    answers = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names) for url in urls]
    return sum(int(answer["Attributes"][name]) for answer in answers for name in names)


def wake_watch(engine: Engine) -> None:
    """Let the watch look now, as sending any job does."""
    functions = engine.aws("lambda")
    names = [one["FunctionName"] for one in functions.list_functions()["Functions"]]
    (watch,) = [name for name in names if "WatchFunction" in name]
    functions.invoke(FunctionName=watch, InvocationType="Event")


def admin_key(engine: Engine) -> str:
    stacks = engine.aws("cloudformation").describe_stacks(StackName="seedhook-local")["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}
    name = outputs["AdminKeyParameter"]
    answer = engine.aws("ssm").get_parameter(Name=name, WithDecryption=True)
    key: str = answer["Parameter"]["Value"]
    return key


def unanswered(job: Job) -> tuple[Submission, ...]:
    """Return the submissions whose fate nobody has told us."""
    return tuple(s for s in job.followed if s.state in UNANSWERED)
