"""AWS clients, one of each per process, with patience fit for a request.

botocore's own: what boto3 adds is not used, and would be imported at each cold start.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from botocore.config import Config
from botocore.session import Session, get_session

_CONFIG: Final = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="v4",
)
# S3 signs links in its own dialect, and a large part takes longer than a table's answer.
# Without a word on addressing it signs for the global host, which knows a new bucket elsewhere than
# in us-east-1 only after hours, and until then redirects to a host that was not signed for.
# Each body goes with a checksum that S3 compares: signing that header binds the body as well, and
# hashing an image once more for the signature alone would be a third of the work.
_S3_CONFIG: Final = _CONFIG.merge(
    Config(
        signature_version="s3v4",
        read_timeout=30,
        s3={"addressing_style": "virtual", "payload_signing_enabled": False},
    )
)


@cache
def _session() -> Session:
    return get_session()


@cache
def client(name: str) -> Any:
    with _nothing_is_garbage():
        return _session().create_client(name, config=_S3_CONFIG if name == "s3" else _CONFIG)


@contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """Keep the collector from what stays for good.

    A service's model is tens of thousands of objects. To look through them again and again while
    they are made is a tenth of a cold start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
