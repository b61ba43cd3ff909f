"""Both sides of an exchange with a provider: what it does, and what an adapter makes of that."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import httpx

from shared.adapters.http import HttpClient
from shared.adapters.providers.aimlapi import Aimlapi
from shared.adapters.providers.apixo import Apixo
from shared.adapters.providers.oxen import Oxen
from shared.catalog.load import load_catalog
from shared.domain.errors import FateUnknown, NotSent, Refused, SubmissionError
from shared.domain.ids import JobId
from shared.domain.offers import Offer
from shared.domain.submission import Submission
from shared.domain.wanted import JobInput
from shared.ports.providers import Acceptance, Order, Provider

KEY = "key-canary"
AIMLAPI_URL = "https://api.aimlapi.com"
APIXO_URL = "https://api.apixo.ai/api/v1"
OXEN_URL = "https://hub.oxen.ai"

AIMLAPI_OFFER = load_catalog().offer("seedream-4.5", "aimlapi")
APIXO_OFFER = load_catalog().offer("seedream-4.5", "apixo")
OXEN_OFFER = load_catalog().offer("seedream-4.5", "oxen")
OFFERS = [offer for model in load_catalog().models for offer in model.offers]

type Does = Callable[[httpx.Request], httpx.Response]

HTML = b"<html><body>502 Bad Gateway</body></html>"
_WORDS: Mapping[type[SubmissionError], str] = {
    NotSent: "not sent",
    Refused: "refused",
    FateUnknown: "fate unknown",
}


def fails(failure: type[httpx.TransportError]) -> Does:
    def fail(request: httpx.Request) -> NoReturn:
        raise failure("as the system says it", request=request)

    return fail


def says(body: object = b"", *, status: int = 200, **headers: str) -> Does:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, content=iter([content]), headers=fields)


def never_ends(_: httpx.Request) -> httpx.Response:
    def body() -> Iterator[bytes]:
        while True:
            yield b" " * 65536

    return httpx.Response(200, content=body())


def aimlapi(does: Does) -> Aimlapi:
    return Aimlapi(a_client(does), base_url=AIMLAPI_URL, key=lambda: KEY)


def apixo(does: Does) -> Apixo:
    return Apixo(a_client(does), base_url=APIXO_URL, key=lambda: KEY)


def oxen(does: Does, *, tells: Does | None = None) -> Oxen:
    """`tells` answers what a model takes; nobody answers unless it is given."""

    def answer(request: httpx.Request) -> httpx.Response:
        is_about_a_model = "/api/ai/models/" in request.url.path
        return (tells or says(status=404) if is_about_a_model else does)(request)

    return Oxen(a_client(answer), base_url=OXEN_URL, key=lambda: KEY)


def a_client(does: Does) -> HttpClient:
    return HttpClient(transport=httpx.MockTransport(does))


def an_order(  # each test names the few it means
    offer: Offer,
    *,
    references: tuple[str, ...] = (),
    callback_url: str | None = None,
    delivery: str | None = None,
    n: int = 1,
    **wanted: Any,
) -> Order:
    wanted.setdefault("prompt", "a fox in watercolor style")
    return Order(
        job_id=JobId("job_1"),
        offer=offer,
        wanted=JobInput(n=n, images=references, **wanted),
        references=references,
        submission=a_submission(offer, delivery=delivery, n=n),
        callback_url=callback_url,
    )


def a_submission(offer: Offer, *, delivery: str | None = None, n: int = 1) -> Submission:
    return Submission(
        attempt=1,
        number=1,
        provider=offer.provider,
        delivery=delivery or offer.deliveries[0],
        first_position=0,
        images_asked=n,
    )


def submitted(provider: Provider, order: Order) -> Acceptance:
    return provider.submit(provider.compose(order))


def outcome(provider: Provider, order: Order) -> str:
    """Return what became of an order, in words.

    `accepted: ids`, `made: links and bytes`, or `not sent`, `refused`, `fate unknown: code`.
    """
    try:
        return _told(submitted(provider, order))
    except SubmissionError as error:
        told = f"{_WORDS[type(error)]}: {error.fault.code}"
        wait = error.retry_after_seconds
        return told if wait is None else f"{told}, wait {wait:g}"


def _told(acceptance: Acceptance) -> str:
    if acceptance.made is None:
        return f"accepted: {' '.join(acceptance.task_ids)}"
    inline = (f"{len(content)} bytes" for content in acceptance.contents)
    return f"made: {' '.join([*acceptance.made.urls, *inline]) or 'nothing'}"


def sent_by(make: Callable[[Does], Provider], order: Order) -> httpx.Request:
    """Return the one request that an order becomes."""
    requests: list[httpx.Request] = []
    image = {"url": "https://files.example/t.png"}

    def take(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        answer = {
            "data": [image] if order.offer.provider == "aimlapi" else {"taskId": "t"},
            "generations": [{"generation_id": "t"}],
            "images": [image],
        }
        return says(answer)(request)

    submitted(make(take), order)
    (request,) = requests
    return request


def body_of(request: httpx.Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.content)
    return body
