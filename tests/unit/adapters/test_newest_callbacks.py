"""Which callbacks of a job came last, by the time that S3 tells."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from botocore.response import StreamingBody
from botocore.stub import Stubber

from local.aws import session
from local.engine import REGION
from shared.adapters.s3.callbacks import S3CallbackArchive
from shared.domain.ids import JobId

JOB = JobId("job_01ARZ3NDEKTSV4RRFFQ69G5FAV")
MINUTES = {"0" * 16: 2, "1" * 16: 9, "2" * 16: 5}


def listed(digest: str) -> dict[str, Any]:
    at = datetime(2026, 11, 20, 12, MINUTES[digest], tzinfo=UTC)
    return {"Key": f"callbacks/{JOB}/1/{digest}", "LastModified": at}


def test_the_newest_are_read_whatever_their_names_are() -> None:
    client = session(REGION).client("s3")
    with Stubber(client) as stub:
        stub.add_response("list_objects_v2", {"Contents": [listed(digest) for digest in MINUTES]})
        for body in (b"last", b"before"):
            stub.add_response("get_object", {"Body": StreamingBody(BytesIO(body), len(body))})

        newest = S3CallbackArchive(client, bucket="media").newest(JOB, limit=2)

        stub.assert_no_pending_responses()
    assert [(one.callback.body, one.at.minute) for one in newest] == [(b"last", 9), (b"before", 5)]
