"""Signed forms: what a caller may upload with one, and nothing else."""

import base64
import json
from datetime import timedelta
from http import HTTPStatus

import pytest
import requests

from shared.domain.reference import UploadedObject
from shared.ports.uploads import UploadForm, Uploads
from tests.contract.engines import REAL_ENGINES
from tests.pictures import a_png

# Memory's forms lead nowhere.
pytestmark = pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)

KEY = "uploads/default/01ARZ3NDEKTSV4RRFFQ69G5FAV"
ROOM = len(a_png())


def form_of(uploads: Uploads, *, most_bytes: int = ROOM) -> UploadForm:
    return uploads.form(
        KEY, content_type="image/png", most_bytes=most_bytes, life=timedelta(minutes=15)
    )


def post(form: UploadForm, content: bytes, **other_fields: str) -> int:
    """Post as a stranger would."""
    fields = {
        **form.fields,
        **{name.replace("_", "-"): text for name, text in other_fields.items()},
    }
    with requests.Session() as stranger:
        stranger.trust_env = False
        answer = stranger.post(form.url, data=fields, files={"file": content}, timeout=10)
    return answer.status_code


def test_a_form_takes_a_file_that_is_then_found_under_its_key(uploads: Uploads) -> None:
    assert post(form_of(uploads), a_png()) == HTTPStatus.NO_CONTENT

    place = UploadedObject(key=KEY)
    assert uploads.find(place)
    assert uploads.read(place) == a_png()


def test_what_was_uploaded_is_served_with_its_type(uploads: Uploads) -> None:
    post(form_of(uploads), a_png())

    with requests.Session() as stranger:
        stranger.trust_env = False
        answer = stranger.get(uploads.link(UploadedObject(key=KEY)), timeout=10)

    assert answer.headers["content-type"] == "image/png"


def test_a_form_takes_no_larger_file(uploads: Uploads) -> None:
    assert post(form_of(uploads), a_png() + b"x") == HTTPStatus.BAD_REQUEST
    assert uploads.find(UploadedObject(key=KEY)) is None


def test_a_form_takes_no_empty_file(uploads: Uploads) -> None:
    assert post(form_of(uploads), b"") == HTTPStatus.BAD_REQUEST
    assert uploads.find(UploadedObject(key=KEY)) is None


def test_a_form_takes_no_other_type(uploads: Uploads) -> None:
    assert post(form_of(uploads), a_png(), Content_Type="text/html") == HTTPStatus.FORBIDDEN
    assert uploads.find(UploadedObject(key=KEY)) is None


def test_a_form_takes_no_other_key(uploads: Uploads) -> None:
    assert post(form_of(uploads), a_png(), key="edits/x.png") == HTTPStatus.FORBIDDEN
    assert uploads.find(UploadedObject(key="edits/x.png")) is None


def test_a_form_takes_no_field_that_was_not_agreed(uploads: Uploads) -> None:
    form = form_of(uploads)

    assert post(form, a_png(), x_amz_meta_prompt="a fox") == HTTPStatus.FORBIDDEN


def test_an_altered_form_takes_nothing(uploads: Uploads) -> None:
    form = form_of(uploads)
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    policy["expiration"] = "2099-01-01T00:00:00Z"
    altered = base64.b64encode(json.dumps(policy).encode()).decode()

    assert post(form, a_png(), policy=altered) == HTTPStatus.FORBIDDEN
    assert uploads.find(UploadedObject(key=KEY)) is None


def test_a_form_takes_nothing_once_its_time_is_over(uploads: Uploads) -> None:
    over = uploads.form(KEY, content_type="image/png", most_bytes=ROOM, life=timedelta(seconds=-5))

    assert post(over, a_png()) == HTTPStatus.FORBIDDEN
    assert uploads.find(UploadedObject(key=KEY)) is None
