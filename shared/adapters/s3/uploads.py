"""The bucket that references come into, in S3."""

import hashlib
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from shared.domain.reference import UploadedObject, content_object
from shared.ports.uploads import FoundUpload, UploadForm

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A provider's queue may be long before it fetches a reference.
_LINK_SECONDS: Final = 6 * 3600
# Without the right to list the bucket a missing key is forbidden, a version id of no kind is a bad
# request, and a version that marks a deletion answers to no method.
_NOT_THERE: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
)


class S3Uploads:
    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self.bucket: Final = bucket

    def put(self, content: bytes, *, content_type: str, tenant: str) -> str:
        upload_id = hashlib.sha256(content).hexdigest()
        key = content_object(tenant, upload_id).key
        self._client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)
        return upload_id

    def find(self, place: UploadedObject) -> FoundUpload | None:
        try:
            head = self._client.head_object(**self._named(place))
        except ClientError as exc:
            if exc.response["ResponseMetadata"]["HTTPStatusCode"] in _NOT_THERE:
                return None
            raise
        return FoundUpload(bytes=head["ContentLength"], version=head.get("VersionId"))

    def link(self, place: UploadedObject) -> str:
        return self._client.generate_presigned_url(
            "get_object", Params=self._named(place), ExpiresIn=_LINK_SECONDS
        )

    def read(self, place: UploadedObject) -> bytes:
        return self._client.get_object(**self._named(place))["Body"].read()

    def form(self, key: str, *, content_type: str, most_bytes: int, life: timedelta) -> UploadForm:
        bound = {"Content-Type": content_type}
        signed = self._client.generate_presigned_post(
            Bucket=self.bucket,
            Key=key,
            Fields=dict(bound),
            Conditions=[bound, ["content-length-range", 1, most_bytes]],
            ExpiresIn=int(life.total_seconds()),
        )
        return UploadForm(url=signed["url"], fields=signed["fields"])

    def _named(self, place: UploadedObject) -> Any:
        version = {"VersionId": place.version} if place.version else {}
        return {"Bucket": self.bucket, "Key": place.key, **version}
