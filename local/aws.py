"""boto3 clients for the engine, untouched by the profile, region or proxy of the caller's shell."""

from functools import lru_cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

_CONFIG = Config(
    proxies={},
    retries={"total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=60,
)


@lru_cache(maxsize=1)
def session(region: str) -> boto3.Session:
    # A profile named in the shell need not exist, and could bring its own endpoint.
    core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    return boto3.Session(
        botocore_session=core,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the engine's own, well known
        region_name=region,
    )


def client(service: Any, *, endpoint_url: str, region: str) -> Any:
    """Any, because the overloads of boto3-stubs want the service's name spelled out."""
    return session(region).client(service, endpoint_url=endpoint_url, config=_CONFIG)
