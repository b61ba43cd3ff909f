"""What the demo does around the API: drop a picture into the bucket, hear a webhook."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from client.receiver import Heard, receiving
from local.aws import client
from local.demo_jobs import reference_image
from local.ports import LOOPBACK
from local.stack import Stack

FOLDER = "edits/demo"


@dataclass(slots=True, kw_only=True)
class Ear:
    """The receiver's memory: which jobs it was told of, by messages that were truly ours."""

    url: str = ""
    verified: set[str] = field(default_factory=set)

    def hear(self, heard: Heard) -> None:
        if heard.reason is None:
            self.verified.add(json.loads(heard.body)["data"]["id"])


@contextmanager
def listening(stack: Stack, port: int) -> Iterator[Ear]:
    """Receive what is signed with the demo key's own secret."""
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    answer = httpx.get(
        f"{stack.api_url}/v1/webhooks/secret", headers=headers, trust_env=False, timeout=60
    )
    ear = Ear()
    secrets = [answer.raise_for_status().json()["secret"]]
    with receiving((LOOPBACK, port), secrets=secrets, tell=ear.hear) as url:
        ear.url = url
        yield ear


def drop_picture(stack: Stack, name: str, said: Mapping[str, str]) -> str:
    """Put a sketch where edits begin; return the tag by which its job is found."""
    content = base64.b64decode(reference_image().partition(",")[2])
    tag = f"demo-{name}"
    client("s3", endpoint_url=stack.aws_endpoint_url, region=stack.region).put_object(
        Bucket=stack.uploads_bucket,
        Key=f"{FOLDER}/{name}.png",
        Body=content,
        Metadata={**said, "tags": tag},
    )
    return tag
