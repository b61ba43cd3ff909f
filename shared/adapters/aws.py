"""AWS clients, one of each per process, with patience fit for a request."""

from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

_CONFIG: Final = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="v4",
)
# S3 signs links in its own dialect, and a large part takes longer than a table's answer.
# Without a word on addressing it signs for the global host, which knows a new bucket elsewhere than
# in us-east-1 only after hours, and until then redirects to a host that was not signed for.
_S3_CONFIG: Final = _CONFIG.merge(
    Config(signature_version="s3v4", read_timeout=30, s3={"addressing_style": "virtual"})
)


@cache
def client(name: str) -> Any:
    return boto3.client(name, config=_S3_CONFIG if name == "s3" else _CONFIG)  # type: ignore[call-overload]  # the stubs want a literal
