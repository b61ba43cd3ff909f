"""Providers' callbacks as they came, in S3: `callbacks/<job>/<attempt>/<digest>`."""

import hashlib
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.s3.folders import remove_folder
from shared.domain.ids import JobId
from shared.ports import CallbackPage, KeptCallback

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FOLDER: Final = "callbacks/"


class S3CallbackArchive:
    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, job_id: JobId, *, attempt: int, body: bytes) -> None:
        # The content is part of the name: a repeated callback lies on itself, another one beside.
        digest = hashlib.sha256(body).hexdigest()[:16]
        self._client.put_object(
            Bucket=self._bucket,
            Key=f"{_FOLDER}{job_id}/{attempt}/{digest}",
            Body=body,
            ContentType="application/octet-stream",
        )

    def page(self, *, job_id: JobId | None, cursor: str | None, limit: int) -> CallbackPage:
        """A cursor is the last name given, so what is new meanwhile does no harm."""
        request: dict[str, Any] = {"StartAfter": cursor} if cursor else {}
        folder = f"{_FOLDER}{job_id}/" if job_id else _FOLDER
        answer = self._client.list_objects_v2(
            Bucket=self._bucket, Prefix=folder, MaxKeys=limit, **request
        )
        keys = [entry["Key"] for entry in answer.get("Contents", [])]
        return CallbackPage(
            callbacks=tuple(self._read(key) for key in keys),
            cursor=keys[-1] if answer.get("IsTruncated") else None,
        )

    def remove(self, job_id: JobId) -> None:
        remove_folder(self._client, self._bucket, f"{_FOLDER}{job_id}/")

    def _read(self, key: str) -> KeptCallback:
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        job_id, attempt, _ = key.removeprefix(_FOLDER).split("/")
        return KeptCallback(job_id=JobId(job_id), attempt=int(attempt), body=body)
