"""Keys over HTTP: their terms, their rotation, their end."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from local.stack import Stack
from tests.e2e.api import Api
from tests.e2e.keys import admin, caller, make_key

pytestmark = pytest.mark.engine

FOX = {"model": "seedream-4.5", "prompt": "a fox with a key", "provider": "apixo"}
AT_ONCE = 8
_LOOKS = 75


def test_a_key_sees_its_own_tenants_jobs_alone(stack: Stack) -> None:
    with caller(stack, tenant="acme") as (ours, _), caller(stack, tenant="other") as (theirs, _):
        job = ours.submit(**FOX)

        assert ours.get(f"/v1/jobs/{job['id']}").status_code == 200
        assert theirs.get(f"/v1/jobs/{job['id']}").status_code == 404
        assert theirs.get("/v1/jobs").json()["data"] == []


def test_keys_are_the_admins_alone(stack: Stack) -> None:
    with caller(stack) as (api, key):
        assert api.get("/v1/keys").status_code == 403
        assert api.post("/v1/keys", json={"name": "x"}).status_code == 403
        assert api.delete(f"/v1/keys/{key['id']}").status_code == 403
        assert api.post(f"/v1/keys/{key['id']}/rotate").status_code == 403


def test_the_list_holds_no_secret(stack: Stack) -> None:
    key = make_key(stack, name="listed")

    with admin(stack) as api:
        answer = api.get("/v1/keys")

    assert key["id"] in {one["id"] for one in answer.json()["data"]}
    assert key["key"].rpartition("_")[2] not in answer.text
    assert key["webhook_secret"] not in answer.text


def test_after_a_rotation_both_secrets_open(stack: Stack) -> None:
    with caller(stack) as (api, key), admin(stack) as operator:
        assert api.get("/v1/jobs").status_code == 200

        rotated = operator.post(f"/v1/keys/{key['id']}/rotate").json()

        with Api(base_url=stack.api_url, key=rotated["key"]) as renewed:
            assert renewed.get("/v1/jobs").status_code == 200
        assert api.get("/v1/jobs").status_code == 200


def test_a_revoked_key_opens_nothing_within_a_minute(stack: Stack) -> None:
    with caller(stack) as (api, key), admin(stack) as operator:
        assert api.get("/v1/jobs").status_code == 200
        operator.delete(f"/v1/keys/{key['id']}").raise_for_status()

        revoked_at = time.monotonic()
        for _ in range(_LOOKS):
            if api.get("/v1/jobs").status_code == 401:
                break
            time.sleep(1)  # the real clock of other processes: there is nothing to wake us

        assert api.get("/v1/jobs").status_code == 401
        assert time.monotonic() - revoked_at <= 65


def test_a_key_for_some_models_is_for_those_alone(stack: Stack) -> None:
    with caller(stack, models=["seedream-4"]) as (api, _):
        refused = api.post("/v1/jobs", json=FOX)

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_a_key_asks_no_faster_than_it_may(stack: Stack) -> None:
    with caller(stack, rate=0.001) as (api, _):
        first, second = (api.post("/v1/jobs", json=FOX) for _ in range(2))

    assert (first.status_code, second.status_code) == (202, 429)
    assert second.json()["code"] == "rate_limited"
    assert 0 < int(second.headers["retry-after"]) <= 1000


def test_no_more_jobs_are_under_way_than_the_key_may_have(stack: Stack) -> None:
    with caller(stack, max_in_flight=2) as (api, _), ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda _: api.post("/v1/jobs", json=FOX), range(AT_ONCE)))
        taken = [answer.json() for answer in answers if answer.status_code == 202]
        for job in taken:
            api.finished(job["id"])
        after = api.post("/v1/jobs", json=FOX)

    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(taken) + len(refused) == AT_ONCE
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert after.status_code == 202


def test_an_expired_key_is_refused_at_its_making(stack: Stack) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()

    with admin(stack) as operator:
        answer = operator.post("/v1/keys", json={"name": "late", "expires": yesterday})

    assert answer.status_code == 422
