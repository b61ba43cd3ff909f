"""Keys: made with terms, listed without secrets, given new secrets, ended."""

from datetime import timedelta

import pytest

from shared.domain.ids import JobId
from tests.memory_service import ADMIN_KEY, NOW
from tests.unit.functions.front_door import FrontDoor

ALL_TERMS = {
    "name": "shop",
    "tenant": "acme",
    "budget_usd": 50,
    "window": "total",
    "rate": 10,
    "max_in_flight": 20,
    "models": ["bytedance/seedream-4-5", "seedream-4"],
    "model_aliases": {"gpt-image-1": "seedream-4-5"},
    "expires": "2027-01-01",
    "retention": {"media_days": 7},
}


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


def test_a_key_is_made_with_all_its_terms(door: FrontDoor) -> None:
    key = door.make_key(**ALL_TERMS)

    assert key["key"].startswith(f"sk_{key['id']}_")
    assert key["webhook_secret"].startswith("whsec_")
    assert key | {"id": "", "key": "", "webhook_secret": ""} == {
        "id": "",
        "object": "key",
        "name": "shop",
        "tenant": "acme",
        "status": "active",
        "budget_usd": "50.000000",
        "window": "total",
        "rate": 10,
        "max_in_flight": 20,
        "models": ["seedream-4.5", "seedream-4"],
        "model_aliases": {"gpt-image-1": "seedream-4.5"},
        "retention": {"media_days": 7, "record_days": None},
        "created_at": "2026-11-20T12:00:00.000Z",
        "expires_at": "2027-01-01T00:00:00.000Z",
        "revoked_at": None,
        "key": "",
        "webhook_secret": "",
        "previous_key_until": None,
    }


def test_a_key_needs_but_a_name(door: FrontDoor) -> None:
    key = door.make_key(name="plain")

    limits = (key["budget_usd"], key["window"], key["rate"], key["max_in_flight"])
    assert (key["tenant"], key["models"], key["expires_at"]) == ("default", [], None)
    assert limits == (None, None, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("budget_usd", 0),
        ("budget_usd", -1),
        ("budget_usd", "a lot"),
        ("budget_usd", "NaN"),
        ("budget_usd", "1e400000"),
        ("budget_usd", True),
        ("budget_usd", 0.0000001),
        ("budget_usd", "0.0000001"),
        ("budget_usd", "1.2345678"),
        ("window", "week"),
        ("rate", 0),
        ("rate", 1.5),
        ("rate", 1e9),
        ("rate", "10/s"),
        ("rate", True),
        ("max_in_flight", 0),
        ("max_in_flight", 2.5),
        ("models/1", ["seedream-4.5", "seedream-9"]),
        ("expires", "2026-11-20"),
        ("expires", "tomorrow"),
        ("expires", "2027-01-01T00:00:00"),
        ("tenant", "#keys"),
        ("retention/media_days", {"media_days": 2}),
        ("retention/record_days", {"record_days": 0}),
        ("retention/days", {"days": 1}),
        ("colour", "blue"),
    ],
)
def test_terms_that_make_no_sense_are_refused_by_name(
    door: FrontDoor, field: str, value: object
) -> None:
    answer = door.call("POST", "/v1/keys", {"name": "x", field.partition("/")[0]: value})

    assert answer.status == 422, answer.body
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/{field}"]


def test_money_is_kept_as_it_is_written(door: FrontDoor) -> None:
    assert door.make_key(budget_usd=0.35)["budget_usd"] == "0.350000"
    assert door.make_key(budget_usd=10 * 0.035)["budget_usd"] == "0.350000"
    assert door.make_key(budget_usd="0.000001")["budget_usd"] == "0.000001"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/keys"),
        ("GET", "/v1/keys"),
        ("DELETE", "/v1/keys/0123456789abcdef"),
        ("POST", "/v1/keys/0123456789abcdef/rotate"),
    ],
)
def test_keys_are_the_admins_alone(door: FrontDoor, method: str, path: str) -> None:
    ordinary = door.make_key()["key"]

    assert door.call(method, path, {"name": "x"}, key=ordinary).status == 403
    assert door.call(method, path, {"name": "x"}, key=None).status == 401


def test_a_list_shows_all_keys_newest_first_and_no_secret(door: FrontDoor) -> None:
    first = door.make_key(name="first")
    door.service.time.sleep(1)
    second = door.make_key(name="second", tenant="acme")

    answer = door.call("GET", "/v1/keys")

    assert [key["name"] for key in answer.json["data"]] == ["second", "first"]
    for key in (first, second):
        assert key["key"] not in answer.body
        assert key["key"].rpartition("_")[2] not in answer.body
        assert key["webhook_secret"] not in answer.body
    assert "hash" not in answer.body


def test_a_key_opens_nothing_from_a_minute_after_it_is_revoked(door: FrontDoor) -> None:
    key = door.make_key()
    assert door.call("GET", "/v1/jobs", key=key["key"]).status == 200

    assert door.call("DELETE", f"/v1/keys/{key['id']}").status == 204
    assert door.call("DELETE", f"/v1/keys/{key['id']}").status == 204

    door.service.time.sleep(60)
    assert door.call("GET", "/v1/jobs", key=key["key"]).status == 401
    assert door.post(key).status == 401
    (listed,) = door.call("GET", "/v1/keys").json["data"]
    assert (listed["status"], listed["revoked_at"]) == ("revoked", "2026-11-20T12:00:00.000Z")


def test_a_key_ends_when_it_said(door: FrontDoor) -> None:
    key = door.make_key(expires=(NOW + timedelta(minutes=1)).isoformat())
    assert door.call("GET", "/v1/jobs", key=key["key"]).status == 200

    door.service.time.sleep(60)

    assert door.call("GET", "/v1/jobs", key=key["key"]).status == 401
    assert door.call("GET", "/v1/keys").json["data"][0]["status"] == "expired"


def test_after_a_rotation_both_secrets_open_for_a_day(door: FrontDoor) -> None:
    old = door.make_key()
    door.call("GET", "/v1/jobs", key=old["key"])  # remembered

    new = door.call("POST", f"/v1/keys/{old['id']}/rotate").json

    assert new["id"] == old["id"]
    assert new["key"] != old["key"]
    assert new["previous_key_until"] == "2026-11-21T12:00:00.000Z"
    assert door.call("GET", "/v1/jobs", key=new["key"]).status == 200
    door.service.time.sleep(24 * 3600 - 1)
    assert door.call("GET", "/v1/jobs", key=old["key"]).status == 200
    door.service.time.sleep(1)
    assert door.call("GET", "/v1/jobs", key=old["key"]).status == 401
    assert door.call("GET", "/v1/jobs", key=new["key"]).status == 200


def test_a_key_rotated_twice_opens_with_the_latest_two_secrets(door: FrontDoor) -> None:
    keys = [door.make_key()]
    for _ in range(2):
        keys.append(door.call("POST", f"/v1/keys/{keys[0]['id']}/rotate").json)

    door.service.time.sleep(60)

    statuses = [door.call("GET", "/v1/jobs", key=key["key"]).status for key in keys]
    assert statuses == [401, 200, 200]


@pytest.mark.parametrize("key_id", ["0123456789abcdef", "x", "%00"])
def test_what_is_no_key_is_404(door: FrontDoor, key_id: str) -> None:
    removed = door.call("DELETE", f"/v1/keys/{key_id}")
    rotated = door.call("POST", f"/v1/keys/{key_id}/rotate")

    assert (removed.status, removed.json["code"]) == (404, "key_not_found")
    assert (rotated.status, rotated.json["code"]) == (404, "key_not_found")


def test_a_revoked_key_gets_no_new_secret(door: FrontDoor) -> None:
    key = door.make_key()
    door.call("DELETE", f"/v1/keys/{key['id']}")

    assert door.call("POST", f"/v1/keys/{key['id']}/rotate").status == 404


def test_a_key_for_some_models_is_for_those_alone(door: FrontDoor) -> None:
    key = door.make_key(models=["seedream-4"])

    refused = door.post(key)
    taken = door.post(key, model="bytedance-seedream-4", provider="oxen")

    assert (refused.status, refused.json["code"]) == (403, "forbidden")
    assert "seedream-4" in refused.json["detail"]
    assert taken.status == 202


def test_the_admin_key_is_no_api_key(door: FrontDoor) -> None:
    assert door.call("GET", "/v1/usage", key=ADMIN_KEY).status == 401


def test_jobs_are_kept_as_long_as_their_key_says_unless_they_say_otherwise(
    door: FrontDoor,
) -> None:
    key = door.make_key(retention={"media_days": 7, "record_days": 30})

    usual = door.post(key).json["id"]
    odd = door.post(key, retention={"media_days": 1}).json["id"]
    door.finish_all()

    kept = door.service.bucket.keep_days
    assert {days for name, days in kept.items() if usual in name} == {7}
    assert {days for name, days in kept.items() if odd in name} == {1}
    for job_id in (usual, odd):
        job = door.service.jobs.get(JobId(job_id))
        assert job.forget_at == job.updated_at + timedelta(days=30)
