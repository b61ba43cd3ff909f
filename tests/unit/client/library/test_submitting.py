"""What is sent, how often, and what a refusal becomes."""

import httpx
import pytest

from client.seedhook import (
    ApiError,
    BudgetExceeded,
    Gone,
    Invalid,
    Misconfigured,
    NotAuthorised,
    NotFound,
    Patience,
    Seedhook,
    SeedhookError,
    ServerFailed,
    Throttled,
    Unreachable,
)
from tests.unit.client.library.played import KEY, URL, Play, a_job, answer, playing, problem


def test_a_job_is_sent_with_its_fields_and_nothing_that_was_not_given() -> None:
    client, api = playing(answer(a_job(), 202))

    job = client.submit(
        "a fox", n=2, provider=["oxen", "apixo"], seed=None, tags=("spring",), wait=10
    )

    assert (job.id, job.status, job.is_over) == ("job_1", "queued", False)
    assert api.bodies() == [
        {
            "model": "seedream-4.5",
            "prompt": "a fox",
            "n": 2,
            "provider": ["oxen", "apixo"],
            "tags": ["spring"],
        }
    ]
    headers = api.asked[0].headers
    assert (headers["authorization"], headers["prefer"]) == (f"Bearer {KEY}", "wait=10")
    assert headers["user-agent"].startswith("seedhook-python/")


def test_every_try_of_a_submission_has_the_same_key_and_the_same_bytes() -> None:
    client, api = playing(
        httpx.ConnectError("refused"),
        answer(problem(503), 503),
        httpx.ReadTimeout(""),
        answer(a_job(), 202),
    )

    client.submit("a fox")

    assert len({one.headers["idempotency-key"] for one in api.asked}) == 1
    assert len({one.content for one in api.asked}) == 1
    assert api.slept == [0.5, 1.0, 2.0]


def test_two_submissions_have_keys_of_their_own_unless_one_is_given() -> None:
    client, api = playing(*[answer(a_job(), 202) for _ in range(3)])

    client.submit("a fox")
    client.submit("a fox")
    client.submit("a fox", idempotency_key="order-1042")

    keys = [one.headers["idempotency-key"] for one in api.asked]
    assert len(set(keys)) == 3
    assert keys[2] == "order-1042"


def test_a_rehearsal_makes_no_job() -> None:
    rehearsal = {
        "model": "seedream-4.5",
        "provider": "oxen",
        "delivery": "poll",
        "sandbox": True,
        "requested_images": 2,
        "cost": {"estimated_usd": None, "charged_usd": None},
    }
    client, api = playing(answer(rehearsal))

    told = client.rehearse("a fox", n=2)

    assert (told.provider, told.cost.estimated_usd) == ("oxen", None)
    assert api.bodies()[0]["dry_run"] is True


@pytest.mark.parametrize("call", ["cancel", "retry", "delete"])
@pytest.mark.parametrize("failure", [answer({}, 503), httpx.ReadError("broken")])
def test_what_may_not_be_sent_twice_is_sent_once(call: str, failure: Play) -> None:
    client, api = playing(failure)

    with pytest.raises((ServerFailed, Unreachable)):
        getattr(client, call)("job_1")

    assert (len(api.asked), api.slept) == (1, [])


def test_questions_are_asked_again_but_not_for_ever() -> None:
    client, api = playing(*[httpx.ConnectError("refused")] * 3, tries=3)

    with pytest.raises(Unreachable, match=f"cannot reach {URL}: refused"):
        client.get("job_1")

    assert (len(api.asked), api.slept) == (3, [0.5, 1.0])


@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({}, [0.5]),
        ({"retry_after": "7"}, [7.0]),
        ({"retry_after": "0"}, [0.5]),
        ({"retry_after": "soon"}, [0.5]),
        ({"retry_after": "\u0663"}, [0.5]),
        ({"retry_after": "-1"}, [0.5]),
        (
            {
                "retry_after": "Fri, 20 Nov 2026 12:00:09 GMT",
                "date": "Fri, 20 Nov 2026 12:00:00 GMT",
            },
            [9.0],
        ),
        ({"retry_after": "Fri, 20 Nov 2026 12:00:09 GMT"}, [0.5]),
    ],
)
def test_retry_after_makes_a_pause_longer(headers: dict[str, str], slept: list[float]) -> None:
    encoded = {name: value.encode("utf-8") for name, value in headers.items()}
    refused = httpx.Response(
        429,
        json=problem(429),
        headers=[(n.replace("_", "-").encode(), v) for n, v in encoded.items()],
    )
    client, api = playing(refused, answer(a_job()))

    client.get("job_1")

    assert api.slept == slept


def test_a_pause_too_long_is_told_instead() -> None:
    client, api = playing(answer(problem(429), 429, retry_after="120"))

    with pytest.raises(Throttled, match="Try again in 120 s") as caught:
        client.submit("a fox")

    assert caught.value.retry_after == 120
    assert (len(api.asked), api.slept) == (1, [])


def test_a_conflict_is_tried_again_only_where_that_can_help() -> None:
    client, api = playing(
        answer(problem(409, retryable=True), 409, retry_after="1"), answer(problem(409), 409)
    )

    with pytest.raises(ApiError, match="409: so it is"):
        client.get("job_1")

    assert api.slept == [1.0]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Invalid),
        (413, Invalid),
        (422, Invalid),
        (401, NotAuthorised),
        (403, NotAuthorised),
        (402, BudgetExceeded),
        (404, NotFound),
        (410, Gone),
        (429, Throttled),
        (500, ServerFailed),
        (599, ServerFailed),
        (302, ApiError),
        (418, ApiError),
    ],
)
def test_each_refusal_is_an_error_that_tells_what_the_problem_says(
    status: int, kind: type[ApiError]
) -> None:
    told = problem(status, errors=[{"pointer": "/n", "code": "x", "message": "must be at most 10"}])
    client, _ = playing(answer(told, status), tries=1)

    with pytest.raises(SeedhookError) as caught:
        client.submit("a fox")

    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.who, error.retryable, error.request_id) == (
        *(status, "some", "client", False, "request-1"),
    )
    assert f"the API answered {status}: so it is; /n: must be at most 10" in str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize("text", ["", "<html>", "[]", "1", '{"errors": 1, "detail": 2}'])
def test_a_refusal_without_a_problem_has_its_status_to_tell(text: str) -> None:
    client, _ = playing(httpx.Response(502, text=text), tries=1)

    with pytest.raises(ServerFailed, match="the API answered 502") as caught:
        client.get("job_1")

    assert (caught.value.detail, caught.value.errors) == (None, ())


@pytest.mark.parametrize(
    "document", [[], 1, {}, a_job(cost={}), a_job(created_at="now"), a_job(images=[1])]
)
def test_an_answer_that_seedhook_would_not_give_is_not_believed(document: object) -> None:
    client, _ = playing(answer(document))

    with pytest.raises(Unreachable, match=f"what answers at {URL} is not Seedhook"):
        client.get("job_1")


def test_what_a_newer_server_adds_is_kept() -> None:
    client, _ = playing(answer(a_job("dreaming", mood="good")))

    job = client.get("job_1")

    assert (job.status, job.raw["mood"]) == ("dreaming", "good")


def test_an_id_cannot_lead_elsewhere() -> None:
    client, api = playing(answer(a_job()))

    client.get("../keys?x=")

    assert api.lines == ["GET /v1/jobs/..%2Fkeys%3Fx%3D"]


@pytest.mark.parametrize("url", ["127.0.0.1:8787", "ftp://a", "http://", "http://["])
def test_an_address_is_checked_before_anything_is_sent(url: str) -> None:
    with pytest.raises(Misconfigured, match="is no address"):
        Seedhook(url, KEY)


@pytest.mark.parametrize("key", ["k\n", "k y", "k\u00e9y"])
def test_a_key_is_checked_before_anything_is_sent(key: str) -> None:
    with pytest.raises(Misconfigured, match="no key has"):
        Seedhook(URL, key)


def test_address_and_key_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEEDHOOK_URL", "SEEDHOOK_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Misconfigured, match="SEEDHOOK_URL"):
        Seedhook()
    monkeypatch.setenv("SEEDHOOK_URL", f"{URL}/v1/")
    with pytest.raises(Misconfigured, match="SEEDHOOK_API_KEY"):
        Seedhook()
    monkeypatch.setenv("SEEDHOOK_API_KEY", KEY)

    def handle(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == f"{URL}/v1/models"
        return answer({"data": []})

    assert Seedhook(transport=httpx.MockTransport(handle)).models() == ()


def test_pauses_grow_up_to_the_longest_and_half_of_each_is_chance() -> None:
    sure = Patience(tries=10, chance=lambda: 1.0)
    lucky = Patience(tries=10, chance=lambda: 0.0)

    pauses = [sure.pause(made, retry_after=None) for made in range(1, 11)]

    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, None]
    assert lucky.pause(2, retry_after=None) == 0.5
