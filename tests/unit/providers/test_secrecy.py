"""Whatever a provider does, no error, no chain of errors and no log tells a secret of ours."""

import logging
import threading
import traceback
from collections.abc import Callable, Iterator

import httpx
import pytest

from shared.adapters.http import HttpClient
from shared.adapters.provider_images import HttpImageSource
from shared.adapters.providers.oxen_events import OxenEvents
from shared.domain.errors import ServiceError
from shared.domain.ids import TaskId
from shared.domain.reports import TaskReport
from shared.ports.providers import Order, Provider
from tests.unit.providers.exchange import (
    APIXO_OFFER,
    HTML,
    KEY,
    OXEN_OFFER,
    OXEN_URL,
    Does,
    a_client,
    an_order,
    apixo,
    fails,
    never_ends,
    oxen,
    says,
    submitted,
)

PROMPT = "prompt-canary: a fox\n on the moon (no. 7)"
FILE = "https://files.example/path-canary/a.png?query-canary=1#fragment-canary"
LINK = FILE.replace("https://", "https://user:pass-canary@")
CALLBACK = "https://seedhook.example/v1/callbacks/apixo/job_1/1/token-canary"
INLINE = "data:image/png;base64,inline-canary"
TASK = TaskId("task-canary")
ECHO = f"cannot use '{PROMPT}' with {LINK}, {CALLBACK} or {INLINE} and Bearer {KEY}"
OFFERS = {"apixo": APIXO_OFFER, "oxen": OXEN_OFFER}
MAKERS: dict[str, Callable[[Does], Provider]] = {"apixo": apixo, "oxen": oxen}

ECHOED = {
    "code": 400,
    "message": ECHO,
    "data": {"error": ECHO, "state": "failed", "failCode": ECHO, "failMsg": ECHO},
    "error": {"type": ECHO, "title": ECHO, "detail": ECHO, "message": ECHO},
    "status": "failed",
    "status_message": ECHO,
    "error_message": ECHO,
    "prompt": PROMPT,
    "result_url": LINK,
    "generations": [],
    "images": [],
}
NESTED = {
    "message": [ECHO, {"prompt": [ECHO]}],
    "data": {"error": [ECHO], "failMsg": {"why": ECHO}},
    "error": {"detail": [f"bad: {ECHO}", {PROMPT: [ECHO]}]},
    "error_message": [ECHO],
}
ACCEPTED_ODDLY = {
    "code": 200,
    "data": {"taskId": 7, "state": ECHO, "resultJson": ECHO},
    "generations": [{"generation_id": 7, "prompt": ECHO}],
    "status": ECHO,
    "result_url": [LINK],
    "images": [{"url": [LINK], "b64_json": ECHO}, ECHO],
}
SCHEMAS: dict[str, dict[str, object]] = {
    "no seed": {"prompt": {}, ECHO: {}, LINK: {}, KEY: {}, INLINE: {}, CALLBACK: {}},
    "one seed": {"prompt": {}, "seed": {"enum": [ECHO, [KEY], {LINK: CALLBACK}]}},
}

ANSWERS: list[tuple[str, Does]] = [
    ("no connection", fails(httpx.ConnectError)),
    ("no answer in time", fails(httpx.ReadTimeout)),
    ("a connection cut", fails(httpx.RemoteProtocolError)),
    ("a header that cannot be read", fails(httpx.LocalProtocolError)),
    ("a redirect", says(b"", status=307, location=LINK)),
    ("HTML", says(HTML + ECHO.encode())),
    ("half a body", says(ECHO.encode(), content_length="99999")),
    ("a body without end", never_ends),
    ("an echo in lists and objects", says(NESTED, status=400)),
    ("an echo of other types", says(ACCEPTED_ODDLY)),
    ("an echo of other types in a 400", says(ACCEPTED_ODDLY, status=400)),
    ("an echo that is a list", says([ECHO])),
    *((f"an echo in a {status}", says(ECHOED, status=status))
      for status in (200, 202, 400, 401, 402, 403, 404, 422, 429, 500, 503)),
]  # fmt: skip


def texts(error: BaseException | None) -> Iterator[str]:
    """Yield whatever an error says, and all that it stems from, suppressed or not."""
    if error is not None:
        yield from (str(error), repr(error), "".join(traceback.format_exception(error)))
        yield from texts(error.__cause__)
        yield from texts(error.__context__)


def tell_tales(said: str) -> list[str]:
    words = ["canary", "fox on the moon", "/api/v1/", "/api/ai/", "statusTask?", "taskId="]
    return [word for word in words if word in said]


def everything_said(do: Callable[[], object], log: pytest.LogCaptureFixture) -> str:
    log.set_level(logging.DEBUG)
    try:
        result = do()
    except ServiceError as error:
        return "\n".join([*texts(error), log.text])
    faults = (
        [one.fault for one in result if isinstance(one, TaskReport)]
        if isinstance(result, tuple)
        else []
    )
    return "\n".join([*map(str, faults), log.text])


def an_order_full_of_secrets(name: str, *, delivery: str | None = None) -> Order:
    return an_order(
        OFFERS[name],
        prompt=PROMPT,
        references=(LINK, INLINE),
        callback_url=CALLBACK if name == "apixo" else None,
        delivery=delivery,
        seed=7 if name == "oxen" else None,
    )


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in ANSWERS])
@pytest.mark.parametrize(
    ("name", "delivery"),
    [("apixo", "callback"), ("apixo", "poll"), ("oxen", "poll"), ("oxen", "sync")],
)
def test_a_submission_that_fails_gives_no_secret_away(
    name: str, delivery: str, does: Does, caplog: pytest.LogCaptureFixture
) -> None:
    provider, order = MAKERS[name](does), an_order_full_of_secrets(name, delivery=delivery)

    said = everything_said(lambda: submitted(provider, order), caplog)

    assert name in said
    assert tell_tales(said) == []


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in ANSWERS])
def test_a_models_page_that_cannot_be_had_gives_no_secret_away(
    does: Does, caplog: pytest.LogCaptureFixture
) -> None:
    provider, order = oxen(says(), tells=does), an_order_full_of_secrets("oxen")

    said = everything_said(lambda: provider.compose(order), caplog)

    assert tell_tales(said) == []


@pytest.mark.parametrize("fields", SCHEMAS.values(), ids=SCHEMAS)
def test_what_a_model_no_longer_takes_is_told_without_secrets(
    fields: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    page = says({"request_schema": {"properties": fields}})
    provider, order = oxen(says(), tells=page), an_order_full_of_secrets("oxen")

    said = everything_said(lambda: provider.compose(order), caplog)

    assert "oxen: seedream-4.5 no longer takes seed" in said
    assert tell_tales(said) == []


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in ANSWERS])
def test_an_event_stream_that_fails_gives_no_secret_away(
    does: Does, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    has_paused = threading.Event()

    def pause(_: int) -> float:
        has_paused.set()
        return 1000.0

    events = OxenEvents(a_client(does), base_url=OXEN_URL, key=lambda: KEY, pause=pause)

    def listen() -> None:
        with events.listen():
            has_paused.wait(5)

    said = everything_said(listen, caplog)

    assert has_paused.is_set()
    assert tell_tales(said) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in ANSWERS])
def test_a_question_that_fails_at_oxen_gives_no_secret_away(
    does: Does, caplog: pytest.LogCaptureFixture
) -> None:
    said = everything_said(lambda: oxen(does).report(OXEN_OFFER, [TASK]), caplog)

    assert "oxen" in said
    assert tell_tales(said) == []


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in ANSWERS])
def test_a_list_that_fails_gives_no_secret_away(
    does: Does, caplog: pytest.LogCaptureFixture
) -> None:
    said = everything_said(lambda: oxen(does).finished({TASK: OXEN_OFFER}), caplog)

    assert tell_tales(said) == []


@pytest.mark.parametrize(
    "does",
    [
        *(pytest.param(does, id=name) for name, does in ANSWERS),
        pytest.param(
            says({"code": 200, "data": {"state": "failed", "failMsg": f"{LINK} {INLINE} {KEY}"}}),
            id="a failure with links",
        ),
        pytest.param(
            says({"code": 200, "data": {"state": "success", "resultJson": f"[{LINK}"}}),
            id="results that cannot be read",
        ),
    ],
)
def test_a_question_that_fails_at_apixo_gives_no_secret_away(
    does: Does, caplog: pytest.LogCaptureFixture
) -> None:
    said = everything_said(lambda: apixo(does).report(APIXO_OFFER, [TASK]), caplog)

    assert "apixo" in said
    assert tell_tales(said) == []


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in ANSWERS])
def test_a_download_that_fails_gives_no_secret_away(
    does: Does, caplog: pytest.LogCaptureFixture
) -> None:
    http = HttpClient(transport=httpx.MockTransport(does))
    images = HttpImageSource(http, keys={"files.example": lambda: KEY})

    def fetch() -> None:
        with images.open(FILE) as download:
            list(download.chunks)

    assert tell_tales(everything_said(fetch, caplog)) == []


@pytest.mark.parametrize(
    ("prompt", "message", "told"),
    [
        ("cat", "a cat is not a category", "a … is not a category"),
        ("a", "a size is missing", "… size is missing"),
        ("fox.", "fox.jpg and 'fox.'", "…jpg and '…'"),
        ("a\n fox", "no: a fox", "no: …"),
        ("\ud83d \x00", "all else stays", "all else stays"),
        ("see https://h.example/p", "bad: see https://h.example/p", "bad: …"),
        ("[a-z]+", "no regular [a-z]+ expression", "no regular … expression"),
    ],
)
def test_a_prompt_is_taken_out_of_a_reason_and_the_rest_stays(
    prompt: str, message: str, told: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        submitted(oxen(says({"error": message}, status=400)), an_order(OXEN_OFFER, prompt=prompt))

    assert str(caught.value) == f"oxen: {told}"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Error at url=https://h.example/p?q, 403", "Error at url=h.example 403"),
        ("see (HTTPS://h.example:8443/p) now", "see (h.example:8443 now"),
        ("two: https://a.example/p,https://b.example/p", "two: a.example"),
        ("s3://bucket/key and \\\\x", "bucket and \\\\x"),
        (r"https://h.example\p", "h.example"),
        ("data:image/png;base64,AAAA is no image", "an inline file is no image"),
        ("input.image_urls/0: 16:9 is not 4:3", "input.image_urls/0: 16:9 is not 4:3"),
        ("a" * 100_000, "a" * 300),
    ],
)  # fmt: skip
def test_of_a_link_in_a_reason_only_the_host_stays(message: str, told: str) -> None:
    with pytest.raises(ServiceError) as caught:
        submitted(oxen(says({"error": message}, status=400)), an_order(OXEN_OFFER))

    assert str(caught.value) == f"oxen: {told}"
