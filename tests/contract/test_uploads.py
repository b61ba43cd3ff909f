"""The bucket that references come into: our copies of content, and objects of the callers' own."""

from datetime import timedelta

import pytest
import requests
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from local.aws import session
from shared.adapters.aws import _S3_CONFIG
from shared.adapters.s3.uploads import S3Uploads
from shared.domain.reference import UploadedObject, content_object
from shared.ports.uploads import FoundUpload, Uploads
from tests.contract.aws import Aws
from tests.contract.engines import MINISTACK
from tests.contract.worlds import Buckets
from tests.pictures import a_png

ODD_KEYS = (
    "edits/fox.png",
    "edits/a fox + 100%.png",
    "edits/#1?x=1&y=%20;z.png",
    "edits/naïve 🦊/日本語.png",
    "edits//double.png",
    "edits/a?versionId=b.png",
    "uploads/default/01ARZ3NDEKTSV4RRFFQ69G5FAV",
)


def test_an_upload_is_read_as_it_was_put(uploads: Uploads) -> None:
    upload_id = uploads.put(a_png(), content_type="image/png", tenant="acme")

    assert uploads.read(content_object("acme", upload_id)) == a_png()


def test_the_same_content_is_one_upload(uploads: Uploads) -> None:
    first = uploads.put(a_png(), content_type="image/png", tenant="acme")

    assert uploads.put(a_png(), content_type="image/png", tenant="acme") == first
    assert uploads.read(content_object("acme", first)) == a_png()


def test_other_content_is_another_upload(uploads: Uploads) -> None:
    first = uploads.put(a_png(8, 6), content_type="image/png", tenant="acme")
    second = uploads.put(a_png(6, 8), content_type="image/png", tenant="acme")

    assert first != second
    assert uploads.read(content_object("acme", first)) == a_png(8, 6)
    assert uploads.read(content_object("acme", second)) == a_png(6, 8)


def test_the_same_content_of_another_tenant_is_another_upload(uploads: Uploads) -> None:
    upload_id = uploads.put(a_png(), content_type="image/png", tenant="acme")

    assert uploads.find(content_object("other", upload_id)) is None
    assert uploads.put(a_png(), content_type="image/png", tenant="other") == upload_id
    assert uploads.find(content_object("other", upload_id))


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_object_is_found_and_read_under_any_key(buckets: Buckets, key: str) -> None:
    version = buckets.place(key, a_png())

    found = buckets.uploads.find(UploadedObject(key=key))
    assert found == FoundUpload(bytes=len(a_png()), version=version)
    assert buckets.uploads.read(UploadedObject(key=key)) == a_png()


def test_an_older_version_is_found_and_read_by_its_id(buckets: Buckets) -> None:
    older = buckets.place("edits/fox.png", a_png(8, 6))
    newer = buckets.place("edits/fox.png", a_png(60, 40))

    read = [
        buckets.uploads.read(UploadedObject(key="edits/fox.png", version=version))
        for version in (older, newer, None)
    ]
    newest = buckets.uploads.find(UploadedObject(key="edits/fox.png"))

    assert read == [a_png(8, 6), a_png(60, 40), a_png(60, 40)]
    assert newest == FoundUpload(bytes=len(a_png(60, 40)), version=newer)


def test_what_is_not_there_is_not_found(buckets: Buckets) -> None:
    buckets.place("edits/fox.png", a_png())
    buckets.place("edits/gone.png", a_png())
    buckets.unplace("edits/gone.png")

    nothing = [
        UploadedObject(key="edits/wolf.png"),
        UploadedObject(key="edits/gone.png"),
        UploadedObject(key="edits/fox.png", version="of-no-kind"),
        UploadedObject(key="edits/fox.png", version="!\"#%&'()*+,/:;<=>?@[]^`{|}~"),
        UploadedObject(key="edits/\0\x1f\x7f\n.png"),
        UploadedObject(key="edits/" + 1018 * "a"),
        content_object("acme", 64 * "0"),
    ]

    assert [buckets.uploads.find(place) for place in nothing] == [None] * len(nothing)


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_what_s3_will_not_tell_of_counts_as_not_there(status: int) -> None:
    """Without the right to list a bucket, a key that is missing is forbidden."""
    client = Aws().s3
    with Stubber(client) as stubber:
        stubber.add_client_error("head_object", str(status), http_status_code=status)

        assert S3Uploads(client, bucket="in").find(UploadedObject(key="edits/x")) is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_in_s3_says_nothing_about_what_is_there(status: int) -> None:
    client = Aws().s3
    with Stubber(client) as stubber:
        stubber.add_client_error("head_object", str(status), http_status_code=status)

        with pytest.raises(ClientError):
            S3Uploads(client, bucket="in").find(UploadedObject(key="edits/x"))


def test_links_and_forms_lead_to_the_buckets_own_region() -> None:
    client = session("eu-central-1").client("s3", config=_S3_CONFIG)
    uploads = S3Uploads(client, bucket="in-42")

    form = uploads.form("k", content_type="image/png", most_bytes=1, life=timedelta(minutes=1))

    assert form.url == "https://in-42.s3.eu-central-1.amazonaws.com/"
    assert uploads.link(UploadedObject(key="k")).startswith(f"{form.url}k?")


@pytest.mark.engine
@pytest.mark.parametrize("aws", [MINISTACK], indirect=True)
@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_link_opens_the_version_it_names_under_any_key(buckets: Buckets, key: str) -> None:
    older = buckets.place(key, a_png(8, 6))
    buckets.place(key, a_png(60, 40))

    with requests.Session() as stranger:
        stranger.trust_env = False
        answer = stranger.get(
            buckets.uploads.link(UploadedObject(key=key, version=older)), timeout=10
        )

    assert answer.content == a_png(8, 6)
