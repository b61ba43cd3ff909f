"""Trials of the HTTP functions: whatever comes is answered as promised, and refused for nothing."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from random import Random
from typing import Any, Final

from tests.fuzz.calling import Api, Tally, logged_errors
from tests.fuzz.letters import (
    Letter,
    any_body,
    every_naughty_string_everywhere,
    every_odd_header,
    every_value_in_every_field,
    random_letters,
)
from tests.fuzz.naughty import NAUGHTY
from tests.http_events import http_event
from tests.memory_service import MemoryService

FRESH_AFTER: Final = 500  # requests, then a new service: a full one only grows slow
_FILTERS: Final = ("status", "model", "provider", "tag", "batch", "since", "until")
_NAMES: Final = ("provider", "job_id", "attempt", "token")


class Mailroom:
    """A service that takes letters and tells what it has kept of them."""

    def __init__(self, tally: Tally) -> None:
        self.service = MemoryService()
        self.api = Api(self.service, tally)
        self.key = self.service.issue_key(tenant="default", name="fuzz").text
        self.uploads = 0
        put = self.service.uploads.put

        def counted(content: bytes, *, content_type: str, tenant: str) -> str:
            self.uploads += 1
            return put(content, content_type=content_type, tenant=tenant)

        self.service.uploads.put = counted  # counted, then as before

    def stock(self) -> tuple[int, ...]:
        """Count all that a request could leave behind."""
        here = self.service
        return (
            len(here.store.announced),
            len(here.apixo.tasks) + len(here.oxen.tasks),
            len(here.to_dispatch.messages) + len(here.to_collect.messages),
            len(here.archive.kept),
            len(here.bucket.objects),
            self.uploads,
            here.wake.calls,
        )

    def callback_path(self) -> dict[str, str]:
        """Submit a job and return the parts of the callback URL that the provider got."""
        self.service.submit()
        (task,) = self.service.apixo.tasks.values()
        parts = (task.order.callback_url or "").split("/")[-4:]
        return dict(zip(_NAMES, parts, strict=True))


def all_wrong_values() -> Tally:
    return _post_all(every_value_in_every_field())


def all_naughty_strings() -> Tally:
    return _post_all(every_naughty_string_everywhere())


def all_odd_headers() -> Tally:
    return _post_all(every_odd_header())


def random_bodies(seed: int, count: int) -> Tally:
    return _post_all(islice(random_letters(dice(seed)), count))


def random_callbacks(seed: int, count: int) -> Tally:
    """Half of them hold a genuine token, so that the body is read."""
    rng, tally = dice(seed), Tally()
    with logged_errors() as tally.broken:
        for part in range(0, count, FRESH_AFTER):
            room = Mailroom(tally)
            genuine = room.callback_path()
            for _ in range(min(FRESH_AFTER, count - part)):
                path = genuine if rng.random() < 0.5 else _another_path(genuine, rng)
                body, is_base64 = any_body(rng)
                with held(tally, (path, body)):
                    _call_back(room, genuine, path, body, is_base64=is_base64)
    return tally


def random_questions(seed: int, count: int) -> Tally:
    """Odd ids, pages, waits and names, asked of everything that reads or manages."""
    rng, tally = dice(seed), Tally()
    with logged_errors() as tally.broken:
        room = Mailroom(tally)
        room.service.submit()
        before = room.stock()
        for _ in range(count):
            method, path, query = any_question(rng)
            with held(tally, (method, path, query)):
                room.api(method, path, key=room.key, query=query)
                assert room.stock() == before, "a question, and something is kept"
    return tally


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # to be thrown again


@contextmanager
def held(tally: Tally, what: object) -> Iterator[None]:
    """Write down what is broken, and go on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told
        tally.broken.append(f"{type(error).__name__}: {error!s:.500}\n  asked: {what!s:.600}")


def _post_all(letters: Iterable[Letter]) -> Tally:
    tally = Tally()
    with logged_errors() as tally.broken:
        room = Mailroom(tally)
        for number, letter in enumerate(letters, start=1):
            if number % FRESH_AFTER == 0:
                room = Mailroom(tally)
            with held(tally, letter):
                _post(room, letter)
    return tally


def _post(room: Mailroom, letter: Letter) -> None:
    before = room.stock()
    answer = room.api.send(letter.event(key=room.key))
    if answer.status == 200:
        assert answer.json["dry_run"], "nobody asked to wait"
        assert room.stock() == before, "rehearsed, and something is kept"
        return
    if answer.status < 400:
        assert answer.status == 202, f"status {answer.status}"
        shown = answer.json | answer.json["input"]
        assert {name: shown[name] for name in letter.kept} == letter.kept, "taken, and altered"
        return
    assert room.stock() == before, "refused, and something is kept"
    if letter.about and answer.json["code"] == "invalid_request":
        pointers = [error["pointer"] for error in answer.json["errors"]]
        strangers = [p for p in pointers if f"{p}/".partition(f"{letter.about}/")[0]]
        assert strangers == [], f"{letter.about} is wrong, and blamed is"


def _call_back(
    room: Mailroom,
    genuine: dict[str, str],
    path: dict[str, str] | None,
    body: str | bytes | None,
    *,
    is_base64: bool | None,
) -> None:
    before = room.stock()
    event = http_event("POST", "/v1/callbacks", body=body)
    event["pathParameters"] = path
    if is_base64 is not None:
        event |= {"body": body, "isBase64Encoded": is_base64}
    answer = room.api.send_callback(event)
    if path == genuine:
        assert answer.status == 200, "a genuine callback is refused for its body"
    else:
        assert answer.status == 404, "forged, and taken"
        assert room.stock() == before, "forged, and something is kept"


def _another_path(genuine: dict[str, str], rng: Random) -> dict[str, str] | None:
    path = dict(genuine)
    match rng.randrange(6):
        case 0:
            return None
        case 1:
            del path[rng.choice(_NAMES)]
        case 2:
            path = {name: rng.choice(NAUGHTY) for name in _NAMES}
        case 3:
            path["attempt"] = rng.choice(
                ["0", "01", "+1", " 1", "1\n", "1.0", "9" * 5000, "2", "²"]
            )
        case 4:
            first, second = rng.sample(_NAMES, 2)
            path[first], path[second] = path[second], path[first]
        case _:
            path[rng.choice(_NAMES)] = rng.choice(NAUGHTY)
    return path


def any_question(rng: Random) -> tuple[str, str, dict[str, str]]:
    # A path comes decoded from UTF-8: halves of surrogate pairs cannot be in it.
    word = rng.choice(NAUGHTY).encode(errors="ignore").decode()
    number = rng.choice(["0", "25", "26", "-1", "1e1", "٣", "²", "9" * 5000, "1.5", "007", word])
    job_id = rng.choice(["job_01ARZ3NDEKTSV4RRFFQ69G5FAV", word, number])
    questions: list[tuple[str, str, dict[str, str]]] = [
        ("GET", "/v1/jobs", {"limit": number}),
        ("GET", "/v1/jobs", {"cursor": word}),
        ("GET", "/v1/jobs", {word: number, "limit": "1"}),
        ("GET", "/v1/jobs", {rng.choice(_FILTERS): rng.choice([word, number])}),
        ("GET", f"/v1/jobs/{job_id}/images", {word: number}),
        ("GET", f"/v1/jobs/{job_id}", {"wait": number}),
        ("GET", f"/v1/jobs/{job_id}/images/{number}", {}),
        (rng.choice(["DELETE", "PATCH", "OPTIONS", word]), f"/v1/jobs/{job_id}", {}),
        ("POST", f"/v1/jobs/{job_id}/{rng.choice(['cancel', 'retry', word])}", {}),
        ("GET", f"/v1/models/{word}", {}),
        ("POST", rng.choice(["/v1/keys", "/v1/callbacks/replay"]), {}),
        ("GET", word, {}),
        ("GET", f"/{word}/v1/jobs", {}),
    ]
    return rng.choice(questions)


def told(tally: Tally) -> dict[str, Any]:
    """Return what a test compares: nothing may be broken."""
    return {
        "broken": tally.broken[:5],
        "5xx": tally.server_errors,
        "exceptions": tally.exceptions,
    }


NOTHING_BROKEN: Final[dict[str, Any]] = {"broken": [], "5xx": 0, "exceptions": 0}
