"""Opening an upload over HTTP."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.manage.handler import create_app
from shared.domain.public import timestamp
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import NOW, MemoryService, a_wish
from tests.pictures import a_png

type Post = Callable[..., Answer]

MB = 1024 * 1024
FOX: dict[str, Any] = {"content_type": "image/png", "bytes": 1000}


@pytest.fixture
def post(service: MemoryService) -> Post:
    app = create_app(service)
    ours = service.issue_key(tenant="ours", name="test").text

    def send(body: object, *, key: str | None = ours) -> Answer:
        event = http_event("POST", "/v1/uploads", body=json.dumps(body), key=key)
        return Answer.of(app.resolve(event, AnyContext()))

    return send


def pointers(answer: Answer) -> list[str]:
    return [error["pointer"] for error in answer.json["errors"]]


def test_the_answer_is_a_form_for_one_object_under_the_tenants_own_prefix(post: Post) -> None:
    answer = post(FOX)

    assert answer.status == 201
    upload = answer.json
    name = upload.pop("id").removeprefix("upload:")
    assert upload == {
        "object": "upload",
        "url": "https://uploads.example/",
        "fields": {
            "key": f"uploads/ours/{name}",
            "Content-Type": "image/png",
            "policy": "1000 bytes within 0:15:00",
        },
        "max_bytes": 1000,
        "expires_at": timestamp(NOW + timedelta(minutes=15)),
    }


def test_each_upload_has_a_place_of_its_own(post: Post) -> None:
    assert len({post(FOX).json["id"] for _ in range(3)}) == 3


def test_what_was_uploaded_can_be_named_in_a_job_of_the_same_tenant(
    service: MemoryService, post: Post
) -> None:
    upload = post(FOX).json
    service.references.place(upload["fields"]["key"], a_png())

    ours = service.a_key(tenant="ours")
    admitted = service.admit_job(a_wish(images=(upload["id"],)), key=ours, render=str)

    assert admitted.job
    assert admitted.job.input.images == (upload["id"],)


@pytest.mark.parametrize(
    ("content_type", "most"),
    [
        ("image/png", 30 * MB),
        ("image/jpeg", 30 * MB),
        ("image/webp", 30 * MB),
        ("application/jsonl", 50 * MB),
        ("text/csv", 50 * MB),
    ],
)
def test_every_type_has_a_largest_size(post: Post, content_type: str, most: int) -> None:
    largest = post({"content_type": content_type, "bytes": most})
    too_large = post({"content_type": content_type, "bytes": most + 1})

    assert (largest.status, largest.json["max_bytes"]) == (201, most)
    assert (too_large.status, pointers(too_large)) == (422, ["/bytes"])
    assert str(most) in too_large.json["errors"][0]["message"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"content_type": "image/gif"}, "/content_type"),
        ({"content_type": "IMAGE/PNG"}, "/content_type"),
        ({"content_type": "image/svg+xml"}, "/content_type"),
        ({"content_type": None}, "/content_type"),
        ({"bytes": 0}, "/bytes"),
        ({"bytes": -1}, "/bytes"),
        ({"bytes": "1000"}, "/bytes"),
        ({"bytes": True}, "/bytes"),
        ({"bytes": 10**400}, "/bytes"),
        ({"key": "edits/x.png"}, "/key"),
    ],
)
def test_what_cannot_be_uploaded_is_refused_by_field(
    post: Post, change: dict[str, Any], pointer: str
) -> None:
    answer = post(FOX | change)

    assert (answer.status, pointers(answer)) == (422, [pointer])


@pytest.mark.parametrize("key", [None, "nonsense"])
def test_without_a_key_nothing_can_be_uploaded(post: Post, key: str | None) -> None:
    assert post(FOX, key=key).status == 401
