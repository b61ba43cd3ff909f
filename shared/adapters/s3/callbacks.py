"""Providers' callbacks as they came, in S3."""

from typing import TYPE_CHECKING, Any

from shared.adapters.kept_callbacks import check_cursor, folder_of, name_of, named
from shared.adapters.s3.folders import objects_in, remove_folder
from shared.domain.ids import JobId
from shared.ports.callbacks import CallbackPage, DatedCallback, KeptCallback

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3CallbackArchive:
    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, job_id: JobId, *, attempt: int, body: bytes) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=name_of(job_id, attempt=attempt, body=body),
            Body=body,
            ContentType="application/octet-stream",
        )

    def page(self, *, job_id: JobId | None, cursor: str | None, limit: int) -> CallbackPage:
        """A cursor is the last name given, so what is new meanwhile does no harm."""
        request: dict[str, Any] = {}
        if cursor is not None:
            check_cursor(cursor, folder=folder_of(job_id))
            request["StartAfter"] = cursor
        answer = self._client.list_objects_v2(
            Bucket=self._bucket, Prefix=folder_of(job_id), MaxKeys=limit, **request
        )
        keys = [entry["Key"] for entry in answer.get("Contents", [])]
        return CallbackPage(
            callbacks=tuple(self._read(key) for key in keys),
            cursor=keys[-1] if answer.get("IsTruncated") else None,
        )

    def newest(self, job_id: JobId, *, limit: int) -> tuple[DatedCallback, ...]:
        found = objects_in(self._client, self._bucket, folder_of(job_id))
        latest = sorted(found, key=lambda entry: entry["LastModified"], reverse=True)[:limit]
        return tuple(
            DatedCallback(callback=self._read(entry["Key"]), at=entry["LastModified"])
            for entry in latest
        )

    def remove(self, job_id: JobId) -> None:
        remove_folder(self._client, self._bucket, folder_of(job_id))

    def _read(self, key: str) -> KeptCallback:
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return named(key, body)
