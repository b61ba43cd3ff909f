"""What lies under a prefix."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef, ObjectTypeDef

_AT_ONCE: Final = 1000


def objects_in(client: "S3Client", bucket: str, folder: str) -> Iterator["ObjectTypeDef"]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    for page in pages:
        yield from page.get("Contents", [])


def keys_in(client: "S3Client", bucket: str, folder: str) -> Iterator[str]:
    return (entry["Key"] for entry in objects_in(client, bucket, folder))


def remove_folder(client: "S3Client", bucket: str, folder: str) -> None:
    """Remove every object in a folder. Raises OSError when S3 kept one."""
    keys = list(keys_in(client, bucket, folder))
    for start in range(0, len(keys), _AT_ONCE):
        wanted: list[ObjectIdentifierTypeDef] = [
            {"Key": key} for key in keys[start : start + _AT_ONCE]
        ]
        answer = client.delete_objects(Bucket=bucket, Delete={"Objects": wanted, "Quiet": True})
        if answer.get("Errors"):
            raise OSError(f"S3 kept {len(answer['Errors'])} objects of {folder}")
