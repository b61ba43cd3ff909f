"""The same odd requests as bytes on a wire, from several callers at once, to a running stack.

What HTTP cannot carry is left out: a gateway makes base64 and header names of its own.
"""

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from random import Random
from typing import Any, Final
from urllib.parse import quote

import httpx

from local.function_logs import complaints
from local.stack import StackOptions, running_stack
from tests.e2e.keys import make_key
from tests.fuzz.calling import Tally
from tests.fuzz.forgeries import forgeries
from tests.fuzz.image_posts import any_image_post
from tests.fuzz.letters import any_body, random_letters
from tests.fuzz.trials import any_question, dice
from tests.http_events import http_event
from tests.unit.functions.test_every_answer import is_guarded, is_guarded_page

AT_ONCE: Final = 4
_TIMEOUT: Final = 60  # seconds; an answer has 30
_TOKEN: Final = re.compile(r"[A-Z]{1,20}")
_SENT: Final = re.compile(rb"[!-~\x80-\xff](?:[ -~\x80-\xff]*[!-~\x80-\xff])?")
_OF_THE_CONNECTION: Final = frozenset({"host", "expect"})


def odd_requests(rng: Random, *, key: str) -> Iterator[dict[str, Any]]:
    """Go on for ever: as events, most of them posts of jobs."""
    letters, forged = random_letters(rng), forgeries(rng)
    while True:
        match rng.randrange(10):
            case 0:
                method, path, query = any_question(rng)
                yield http_event(method, path, query=query, key=key)
            case 1:
                yield any_image_post(rng, key)
            case 2:
                provider, job_id, attempt, token = next(forged)
                path = "/".join(map(str, ("/v1/callbacks", provider, job_id, attempt, token)))
                yield http_event("POST", path, body=any_body(rng)[0])
            case _:
                yield next(letters).event(key=key)


def at_a_stack(seed: int, count: int) -> Tally:
    """Start a stack with roles enforced and send it so many; what its functions log is told too."""
    with running_stack(StackOptions(port=0, latency=0, strict=True, environ={})) as stack:
        # A flood: most of what is right has to wait.
        key = make_key(stack, max_in_flight=5)["key"]
        tally = over_http(stack.api_url, key=key, seed=seed, count=count)
        tally.broken += complaints(stack.engine).splitlines()
    return tally


def over_http(url: str, *, key: str, seed: int, count: int) -> Tally:
    """Send so many, and tell what came back; what breaks a promise is written down."""
    events = islice(odd_requests(dice(seed), key=key), count)
    tally = Tally()
    with (
        httpx.Client(base_url=url, trust_env=False, timeout=_TIMEOUT) as client,
        ThreadPoolExecutor(AT_ONCE) as callers,
    ):
        sent = ((event, callers.submit(_send, client, event)) for event in events)
        for event, answer in list(sent):
            _judge(tally, event, answer.result())
    return tally


def _send(client: httpx.Client, event: Mapping[str, Any]) -> httpx.Response:
    http = event["requestContext"]["http"]
    method = http["method"] if _TOKEN.fullmatch(http["method"]) else "PATCH"
    path = "/" + quote(http["path"].removeprefix("/"), errors="replace")
    body = (event.get("body") or "").encode("utf-8", "surrogatepass")
    query = {_text(name): _text(value) for name, value in event["queryStringParameters"].items()}
    return client.request(
        method, path, params=query, headers=_headers(event["headers"]), content=body
    )


def _text(text: str) -> str:
    return text.encode(errors="replace").decode()


def _headers(told: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    values = {name: value.encode(errors="replace") for name, value in told.items()}
    return [
        (name.encode(), value)
        for name, value in values.items()
        if name not in _OF_THE_CONNECTION and _SENT.fullmatch(value)
    ]


def _judge(tally: Tally, event: Mapping[str, Any], answer: httpx.Response) -> None:
    tally.requests += 1
    tally.refused += 400 <= answer.status_code < 500
    tally.server_errors += answer.status_code >= 500
    if amiss := list(_complaints(answer)):
        asked = str(event)
        tally.broken.append(
            f"{amiss}: {answer.status_code} {answer.text:.300}\n  asked: {asked:.600}"
        )


def _complaints(answer: httpx.Response) -> Iterator[str]:
    if answer.status_code >= 500:
        yield "5xx"
    elif not _is_the_gateways(answer):
        yield from _ours(answer)


def _is_the_gateways(answer: httpx.Response) -> bool:
    """Tell whether it never came to us: too large, or a question that browsers ask beforehand."""
    own = {httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.FORBIDDEN}
    return answer.status_code in own and set(answer.json()) == {"message"}


def _ours(answer: httpx.Response) -> Iterator[str]:
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    if not (is_guarded_page if is_page else is_guarded)(answer.headers):
        yield "a browser is left a free hand"
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS and "retry-after" not in answer.headers:
        yield "too many, and no word of when to come again"
    if answer.is_client_error:
        yield from _unsaid(answer)


def _unsaid(answer: httpx.Response) -> Iterator[str]:
    """Say what an error fails to say: in OpenAI's words it has a message, in ours fields too."""
    told = json.loads(answer.content)
    if answer.request.url.path.startswith("/v1/callbacks/"):
        return
    if "error" in told:
        yield from [] if told["error"]["message"] else ["no message"]
        return
    if answer.headers["content-type"] != "application/problem+json" or not told["detail"]:
        yield "no problem document"
    if told["code"] in {"malformed_json", "invalid_request"} and not told["errors"]:
        yield "no field is named"
