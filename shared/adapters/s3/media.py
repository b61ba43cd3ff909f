"""Stored images in S3."""

from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from shared.adapters.s3.folders import keys_in, remove_folder
from shared.adapters.s3.passing import PassingImage, in_base64
from shared.adapters.stored_images import kind_in
from shared.domain.errors import ErrorCode, Fault, ResultUnavailable
from shared.domain.ids import JobId
from shared.domain.image import StoredImage, image_folder, image_key, preview_folder, preview_key
from shared.ports.media import Download

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Bytes. One call costs a sixth of what parts cost, and S3 has less to put together.
_IN_ONE_CALL: Final = 32 * 1024 * 1024
_READ: Final = 1024 * 1024
_OWNER: Final = "seedhook-job"  # whose copy it is
_TAKEN: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class S3MediaStore:
    def __init__(self, client: "S3Client", *, bucket: str, in_one_call: int = _IN_ONE_CALL) -> None:
        """`in_one_call`: how many bytes an image may have to be put at once, 5 MiB at least."""
        self._client = client
        self._bucket = bucket
        self._in_one_call = in_one_call

    def store(  # as the port
        self,
        job_id: JobId,
        *,
        attempt: int,
        position: int,
        download: Download,
        keep_days: int | None = None,
    ) -> StoredImage:
        """Memory: what goes in one call, and three parts more if the image is larger."""
        image = PassingImage(download)
        parts = image.parts(first=self._in_one_call)
        first = next(parts, b"")
        kind = kind_in(image.probe)
        key = image_key(job_id, attempt=attempt, position=position, extension=kind.extension)
        second = next(parts, None)
        if second is None:
            image.check()
            written = self._put(key, first, image.checksum, kind.content_type, keep_days)
        else:
            whole = chain((first, second), parts)
            written = self._put_in_parts(key, whole, image, keep_days)
        seen = image if written else self._seen(key)
        return seen.describe(key=key, attempt=attempt, position=position)

    def store_preview(  # as the port
        self,
        job_id: JobId,
        *,
        attempt: int,
        position: int,
        content: bytes,
        keep_days: int | None = None,
    ) -> None:
        key = preview_key(job_id, attempt=attempt, position=position)
        self._put(key, content, in_base64(sha256(content).digest()), "image/webp", keep_days)

    def remove(self, job_id: JobId) -> None:
        remove_folder(self._client, self._bucket, image_folder(job_id))
        self.remove_previews(job_id)

    def remove_previews(self, job_id: JobId) -> None:
        remove_folder(self._client, self._bucket, preview_folder(job_id))

    def link(self, key: str, *, filename: str, life: timedelta = timedelta(minutes=15)) -> str:
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=int(life.total_seconds()),
        )

    def place(self, image: StoredImage, *, to: str, of: JobId) -> None:
        """The tag that tells how long it is kept goes with it."""
        source: Any = {"Bucket": self._bucket, "Key": image.key}
        try:
            self._client.copy_object(
                Bucket=self._bucket,
                Key=to,
                CopySource=source,
                MetadataDirective="REPLACE",
                ContentType=image.content_type,
                Metadata={_OWNER: of},
            )
        except ClientError as exc:
            if not _is_missing(exc):
                raise
            raise ResultUnavailable(_no_image()) from exc

    def write_document(self, key: str, content: bytes, *, of: JobId | None = None) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=content,
            ContentType="application/json",
            Metadata={_OWNER: of} if of else {},
        )

    def displace(self, keys: Collection[str], *, of: JobId) -> None:
        folders = {f"{key.rpartition('/')[0]}/" for key in keys}
        there = {key for folder in folders for key in keys_in(self._client, self._bucket, folder)}
        for key in there & set(keys):
            found = self._client.head_object(Bucket=self._bucket, Key=key)
            if found["Metadata"].get(_OWNER) == of:
                self._client.delete_object(Bucket=self._bucket, Key=key)

    def read(self, key: str, *, at_most: int | None = None) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read(at_most)
        except ClientError as exc:
            if not _is_missing(exc):
                raise
            raise ResultUnavailable(_no_image()) from exc

    def _put(
        self, key: str, content: bytes, checksum: str, content_type: str, keep_days: int | None
    ) -> bool:
        """S3 takes no other bytes than those of the checksum, which is signed with the request."""
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                IfNoneMatch="*",
                ChecksumSHA256=checksum,
                **_lifetime(keep_days),
            )
        except ClientError as exc:
            return _already_there(exc)
        return True

    def _put_in_parts(
        self, key: str, parts: Iterator[bytes], image: PassingImage, keep_days: int | None
    ) -> bool:
        upload = self._client.create_multipart_upload(
            Bucket=self._bucket,
            Key=key,
            ContentType=image.probe.kind().content_type,
            **_lifetime(keep_days),
        )
        target: Any = {"Bucket": self._bucket, "Key": key, "UploadId": upload["UploadId"]}
        try:
            sent = self._send_parts(target, parts)
            image.check()
            self._client.complete_multipart_upload(
                **target, MultipartUpload={"Parts": sent}, IfNoneMatch="*"
            )
        except ClientError as exc:
            self._client.abort_multipart_upload(**target)
            return _already_there(exc)
        except Exception:
            self._client.abort_multipart_upload(**target)
            raise
        return True

    def _send_parts(self, target: Any, parts: Iterator[bytes]) -> list[Any]:
        """Send each part while the next one comes; no more than these two are held."""
        sent: list[Future[Any]] = []
        with ThreadPoolExecutor(max_workers=1) as line:
            for number, part in enumerate(parts, start=1):
                if sent:
                    sent[-1].result()
                sent.append(line.submit(self._send_part, target, number, part))
        return [one.result() for one in sent]

    def _send_part(self, target: Any, number: int, part: bytes) -> Any:
        answer = self._client.upload_part(**target, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _seen(self, key: str) -> PassingImage:
        """Read what another worker has stored: its bytes count, not the ones just fetched."""
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        image = PassingImage(Download(body.iter_chunks(_READ)))
        image.pass_by()
        return image


def _lifetime(keep_days: int | None) -> Any:
    """Return the tag that the bucket's lifecycle rules go by (template.yaml)."""
    return {} if keep_days is None else {"Tagging": f"retention-days={keep_days}"}


def _already_there(exc: ClientError) -> bool:
    """Return False, meaning "not written", when the key was taken; any other error goes on."""
    if exc.response["Error"]["Code"] in _TAKEN:
        return False
    raise exc


def _is_missing(exc: ClientError) -> bool:
    # Without the right to list the bucket, a key that is missing is forbidden.
    return exc.response["ResponseMetadata"]["HTTPStatusCode"] in {403, 404}


def _no_image() -> Fault:
    return Fault(code=ErrorCode.RESULT_GONE, message="the image is not there")
