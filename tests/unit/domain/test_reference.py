"""What a reference names: read from text as it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import JobId
from shared.domain.reference import (
    EarlierImage,
    Link,
    NotAReference,
    Reference,
    UploadedObject,
    read_reference,
    reference_to,
)

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def read(text: str, *, tenant: str = "default") -> Reference:
    return read_reference(text, tenant=tenant, bucket="in")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("https://e.com/x", Link(url="https://e.com/x")),
        ("upload:" + 64 * "a", UploadedObject(key="references/default/" + 64 * "a")),
        (f"upload:{ULID}", UploadedObject(key=f"uploads/default/{ULID}")),
        (f"upload:{ULID.lower()}", UploadedObject(key=f"uploads/default/{ULID}")),
        (f"job:job_{ULID}/0", EarlierImage(job_id=JobId(f"job_{ULID}"), index=0)),
        (f"job:job_{ULID}/12", EarlierImage(job_id=JobId(f"job_{ULID}"), index=12)),
        ("s3://in/edits/a.png", UploadedObject(key="edits/a.png")),
        ("s3://in/edits/a b+%20#?é.png", UploadedObject(key="edits/a b+%20#?é.png")),
        ("s3://in/uploads/default/x", UploadedObject(key="uploads/default/x")),
        ("s3://in/edits/a?versionId=v1", UploadedObject(key="edits/a", version="v1")),
        (
            "s3://in/edits/a?versionId=b?versionId=v1",
            UploadedObject(key="edits/a?versionId=b", version="v1"),
        ),
    ],
)
def test_every_form_names_its_place(text: str, named: Reference) -> None:
    assert read(text) == named


@pytest.mark.parametrize(
    "text",
    [
        *("", "http://e.com/x", "HTTPS://e.com/x", "https://e.com/" + 2048 * "x"),
        *("upload:", "upload:" + 64 * "A", "upload:" + 63 * "a", "upload:" + 64 * "a" + "\n"),
        *(f"upload:{ULID[:-1]}", f"upload:{ULID[:-1]}I", f"upload:{ULID[:-1]}v"),
        *("job:", f"job:{ULID}/0", f"job:job_{ULID}", f"job:job_{ULID}/", f"job:job_{ULID}/-1"),
        *(
            f"job:job_{ULID}/01",
            f"job:job_{ULID}/1000",
            f"job:job_{ULID}/\u0660",
            f"job:job_{ULID}/0\n",
        ),
        *("s3://", "s3://in", "s3://in/", "s3://in/a.png", "s3://other/edits/a.png"),
        *("s3://in/references/" + 64 * "a", "s3://in/edits", "s3://IN/edits/a", "S3://in/edits/a"),
        *("s3://in/uploads/other/x", "s3://in/uploads/default", "s3://in/uploads/defaults/x"),
        *("s3://in/edits/../uploads/other/x", "s3://in/edits/./x", "s3://in/edits/.."),
        *("s3://in/edits/a?versionId=", "s3://in/edits/a?versionId=b c", "s3://in//edits/a"),
        "s3://in/edits/" + 1019 * "a",
        "s3://in/edits/" + 510 * "é",
    ],
)
def test_anything_else_names_nothing(text: str) -> None:
    with pytest.raises(NotAReference):
        read(text)


def test_a_key_may_have_as_many_bytes_as_s3_takes() -> None:
    key = "edits/" + 1018 * "a"

    assert read(f"s3://in/{key}") == UploadedObject(key=key)


def test_an_uploads_id_names_another_place_for_another_tenant() -> None:
    assert read(f"upload:{ULID}", tenant="them") == UploadedObject(key=f"uploads/them/{ULID}")


@given(name=st.text(max_size=200), version=st.from_regex(r"[A-Za-z0-9._-]{1,32}", fullmatch=True))
def test_a_named_version_is_read_back_whatever_the_key(name: str, version: str) -> None:
    place = UploadedObject(key=f"edits/{name}.png", version=version)
    text = reference_to(place, bucket="in")

    if {".", ".."}.isdisjoint(place.key.split("/")):
        assert read(text) == place
