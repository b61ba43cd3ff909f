"""The uploads bucket, where people drop pictures: its objects in their versions."""

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from shared.ports.intake import Dropped

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Not there, an impossible version, one that is a deletion; or forbidden, which S3 also says of what
# is not there, and of what is encrypted with somebody's own key.
_MISSING: Final = frozenset({400, 403, 404, 405})


class S3DropFolder:
    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def look(self, key: str, *, version_id: str | None) -> Dropped | None:
        try:
            found = self._client.head_object(**self._named(key, version_id))
        except ClientError as exc:
            _unless_missing(exc)
            return None
        return Dropped(
            version_id=found.get("VersionId"),
            bytes=found["ContentLength"],
            metadata={name.lower(): value for name, value in found["Metadata"].items()},
            at=found["LastModified"],
        )

    def read(self, key: str, *, version_id: str | None = None, at_most: int) -> bytes | None:
        try:
            found = self._client.get_object(**self._named(key, version_id))
        except ClientError as exc:
            _unless_missing(exc)
            return None
        return found["Body"].read(at_most)

    def write(self, key: str, content: bytes) -> None:
        self._client.put_object(
            Bucket=self._bucket, Key=key, Body=content, ContentType="application/json"
        )

    def _named(self, key: str, version_id: str | None) -> Any:
        version = {"VersionId": version_id} if version_id else {}
        return {"Bucket": self._bucket, "Key": key, **version}


def _unless_missing(exc: ClientError) -> None:
    if exc.response["ResponseMetadata"]["HTTPStatusCode"] not in _MISSING:
        raise exc
