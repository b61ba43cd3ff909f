"""Seedhook's own records: the table, and the media bucket."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.aws import client
from shared.adapters.dynamodb.items import read_job
from shared.domain.job import Job
from shared.domain.submission import UNANSWERED, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    jobs: tuple[Job, ...] = ()
    unpublished: int = 0  # events that have not reached the bus, as the table has it


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
        unpublished=sum(item["sk"]["S"].startswith("event#") for item in items),
    )


def read_images(engine: Engine) -> dict[str, str]:
    """Return the SHA-256 of every image in the bucket, by key."""
    s3, bucket = engine.aws("s3"), engine.ready["media_bucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="images/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {
        key: hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest()
        for key in keys
    }


def hidden_messages(engine: Engine) -> int:
    """Count queue messages that were taken and neither finished nor come back."""
    sqs, name = engine.aws("sqs"), "ApproximateNumberOfMessagesNotVisible"
    urls = sqs.list_queues()["QueueUrls"]
    answers = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name]) for url in urls]
    return sum(int(answer["Attributes"][name]) for answer in answers)


def admin_key(engine: Engine) -> str:
    stacks = engine.aws("cloudformation").describe_stacks(StackName="seedhook-local")["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}
    secret = engine.aws("secretsmanager").get_secret_value(SecretId=outputs["AdminKeySecret"])
    key: str = json.loads(secret["SecretString"])["admin_key"]
    return key


def unanswered(job: Job) -> tuple[Submission, ...]:
    """Return the submissions whose fate nobody has told us."""
    return tuple(s for s in job.followed if s.state in UNANSWERED)
