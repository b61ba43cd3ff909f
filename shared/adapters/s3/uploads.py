"""References that came with a request, in S3."""

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A provider's queue may be long before it fetches a reference.
_LINK_SECONDS: Final = 6 * 3600


class S3Uploads:
    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, content: bytes, *, content_type: str) -> str:
        upload_id = hashlib.sha256(content).hexdigest()
        self._client.put_object(
            Bucket=self._bucket, Key=_reference(upload_id), Body=content, ContentType=content_type
        )
        return upload_id

    def link(self, upload_id: str) -> str:
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": _reference(upload_id)},
            ExpiresIn=_LINK_SECONDS,
        )

    def read(self, upload_id: str) -> tuple[bytes, str]:
        answer = self._client.get_object(Bucket=self._bucket, Key=_reference(upload_id))
        return answer["Body"].read(), answer["ContentType"]


def _reference(upload_id: str) -> str:
    return f"references/{upload_id}"
