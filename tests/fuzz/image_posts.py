"""Posts in OpenAI's words as nobody should send them: JSON and forms, nearly right."""

import json
from random import Random
from typing import Any, Final

from tests.fuzz.calling import Tally, logged_errors
from tests.fuzz.letters import any_body, mutated
from tests.fuzz.naughty import NAUGHTY
from tests.fuzz.trials import FRESH_AFTER, Mailroom, dice, held
from tests.http_events import http_event
from tests.pictures import a_png

_FIELDS: Final = (
    *("model", "prompt", "n", "size", "response_format", "user", "quality", "output_format"),
    *("seed", "mask", "background", "stream", "image", "images", "image[]"),
    *("watermark", "sequential_image_generation", "input_fidelity", "style", "moderation"),
    *("output_compression", "partial_images", "dry_run"),
)
_RIGHT: Final = {
    "n": ["1", "3"],
    "size": ["2K", "auto", "2048x2048", "1024x1024", "256x256"],
    "watermark": ["true", "false"],
    "sequential_image_generation": ["auto", "disabled"],
    "response_format": ["url", "b64_json"],
    "quality": ["auto", "standard", "hd"],
    "seed": ["7", "-7", "9" * 30],
}
_TYPES: Final = (
    *("multipart/form-data; boundary=cut", "multipart/form-data", "multipart/form-data; boundary="),
    *('multipart/form-data; boundary="cut"', "multipart/mixed; boundary=cut", "é", ";" * 900),
)


def random_image_posts(seed: int, count: int) -> Tally:
    """Some of them are right, and make a job."""
    rng, tally = dice(seed), Tally()
    with logged_errors() as tally.broken:
        for part in range(0, count, FRESH_AFTER):
            room = Mailroom(tally)
            for _ in range(min(FRESH_AFTER, count - part)):
                event = any_image_post(rng, room.key)
                with held(tally, event):
                    _post(room, event)
    return tally


def _post(room: Mailroom, event: dict[str, Any]) -> None:
    before = room.stock()
    answer = room.api.send(event)
    if "x-seedhook-job-id" not in answer.headers:
        assert answer.status >= 400, "done, and nobody knows by which job"
        assert room.stock() == before, "refused, and something is kept"


def any_image_post(rng: Random, key: str) -> dict[str, Any]:
    if rng.random() < 0.5:
        event = http_event("POST", "/v1/images/generations", body=_any_json(rng), key=key)
    else:
        event = http_event("POST", "/v1/images/edits", body=_any_form(rng), key=key)
        usual = rng.random() < 0.9
        event["headers"]["content-type"] = _TYPES[0] if usual else rng.choice(_TYPES)
    if rng.random() < 0.3:
        event["headers"]["x-stainless-retry-count"] = rng.choice(["1", "2", rng.choice(NAUGHTY)])
    if rng.random() < 0.1:
        event["headers"]["idempotency-key"] = rng.choice(["one", "two", rng.choice(NAUGHTY)])
    return event


def _any_json(rng: Random) -> str | bytes | None:
    if rng.random() < 0.2:
        return any_body(rng)[0]
    asked: dict[str, Any] = {"model": "seedream-4.5", "prompt": rng.choice(NAUGHTY)}
    for name in rng.sample(_FIELDS, rng.randrange(3)):
        asked[name] = rng.choice([1, None, *_RIGHT.get(name, ["x"]), rng.choice(NAUGHTY)])
    text = json.dumps(asked)
    return mutated(text.encode(), rng) if rng.random() < 0.2 else text


def _any_form(rng: Random) -> bytes:
    parts = [_field("model", "seedream-4.5"), _field("prompt", rng.choice(NAUGHTY))]
    parts += [_any_field(name, rng) for name in rng.sample(_FIELDS, rng.randrange(3))]
    parts += [_any_file(rng) for _ in range(rng.choice([0, 1, 1, 1, 2, 16]))]
    rng.shuffle(parts)
    form = b"".join(parts) + b"--cut--\r\n"
    return mutated(form, rng) if rng.random() < 0.5 else form


def _any_field(name: str, rng: Random) -> bytes:
    return _field(name, rng.choice([*_RIGHT.get(name, ["x"]), rng.choice(NAUGHTY)]))


def _any_file(rng: Random) -> bytes:
    content = a_png() if rng.random() < 0.8 else mutated(a_png(), rng)
    return _file(rng.choice(["image", "image[]", rng.choice(_FIELDS)]), content)


def _field(name: str, text: str) -> bytes:
    head = f'--cut\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + text.encode(errors="replace") + b"\r\n"


def _file(name: str, content: bytes) -> bytes:
    head = f'--cut\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'
    return head.encode() + content + b"\r\n"
