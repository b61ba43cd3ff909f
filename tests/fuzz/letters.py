"""Requests as nobody should send them: wrong fields, broken JSON, odd headers, bits flipped."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from random import Random
from typing import Any, Final

from PIL import Image

from shared.api.requests import JobRequest
from tests.fuzz.naughty import NAUGHTY
from tests.http_events import http_event

FOX: Final = {"model": "seedream-4.5", "prompt": "a fox in watercolor"}
_VALID: Final[tuple[dict[str, Any], ...]] = (
    FOX,
    FOX | {"n": 10, "resolution": "4K", "aspect_ratio": "21:9", "provider": "apixo"},
    FOX | {"size": "2048x2048", "sequential": "auto", "n": 3, "prompt_optimize": "standard"},
    FOX | {"model": "bytedance-seedream-5-lite", "output_format": "png", "delivery": "poll"},
    FOX | {"seed": -(2**63), "images": ["https://e.com/\u00e9?a=1&b=%20"], "on_unknown": "retry"},
    FOX | {"start_by": 30, "finish_by": "2026-11-21T12:00:00+02:00", "provider": ["oxen", "auto"]},
    FOX | {"metadata": {"order": "7", "a/b~c": "\U0001f98a"}, "tags": ["x", "\u0000"], "n": 5},
)
_NESTED: Final = "[" * 900 + "]" * 900
_LONG_NAMES: Final = 200
# Values as they stand in the JSON: of every type, at every limit, and some that are no JSON at all.
_VALUES: Final = (
    *("null", "true", "false", "0", "-0", "-0.0", "1", "1.0", "1.5", "-1", "2", "10", "11", "1E1"),
    *("1e400", "-1e400", "1e-400", "9" * 400, "1" + "0" * 4000, "-1" + "0" * 4000, "0.1e1"),
    *("1" + "0" * 5000, "-1" + "0" * 5000, "1" + "0" * 5000 + ".0", "0." + "1" * 5000),
    *(str(2**53 + 1), str(2**63), str(-(2**63) - 1), str(2**64), "1e22", "604800", "604801"),
    *('""', '" "', '"x"', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83e\\udd8a"'),
    *("[]", "{}", "[[]]", "[{}]", "[null]", "[1]", '[""]', '{"":""}', '{"a":null}', '{"a":{}}'),
    *(
        '{"a":1,"a":1}',
        '[{"\\ud800":1}]',
        '{"\\ud800":"\\udfff"}',
        _NESTED,
        f'["\\u0041",{_NESTED}]',
    ),
    *('"auto"', '["auto"]', '["auto","auto","auto","auto"]', '"2K"', '"NaN"', '"1"', '"true"'),
    *("NaN", "Infinity", "-Infinity", "-NaN", "nan", "undefined", "01", "+1", ".5", "1.", "0x10"),
    *("'a'", "[1,]", '{"a":1,}', "/**/1", "1//", '"\t"', '"\\x41"', '"\\u12"', '"open', "1 1", ""),
    *(
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 9000 + "]" * 9000,
        '["\\u0041",' * 5000 + "1" + "]" * 5000,
    ),
    *('"' + "x" * 6000 + '"', '"' + "\\u0041" * 5001 + '"', json.dumps(["x"] * 17)),
    *(json.dumps([1] * 5000), json.dumps({str(n): n for n in range(5000)})),
    *(json.dumps({"/\u00e9~" * _LONG_NAMES * n: 1}) for n in (1, 100)),
)
# Where a value may stand; the first %s is it.
_PLACES: Final = (
    *(f'"{name}":%s' for name in JobRequest.model_fields),
    *('"images":[%s]', '"images":["https://e.com/a",%s]', '"tags":[%s]', '"tags":["a",%s]'),
    *('"provider":[%s]', '"metadata":{"a":%s}', '"metadata":{"a":"b","c":%s}', '"colour":%s'),
)
_TEXT_FIELDS: Final = ("prompt", "model", "size", "resolution", "provider", "start_by", "delivery")
_ODD_TYPES: Final = (
    *("", " ", "text/plain", "application/xml", "multipart/form-data; boundary=x", "a/b/c", "*/*"),
    *("application/json; charset=utf-16", "application/json; charset=", "APPLICATION/JSON", "é"),
    *("application/x-www-form-urlencoded", "application/json, text/html", ";" * 1000),
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A request for a job; `about` points to the one field that may be found wrong."""

    body: str | bytes | None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    is_base64: bool | None = None
    about: str | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)  # what must come back if it is taken

    def event(self, *, key: str) -> dict[str, Any]:
        event = http_event("POST", "/v1/jobs", body=self.body, key=key)
        if self.is_base64 is not None:
            event |= {"body": self.body, "isBase64Encoded": self.is_base64}
        for name, value in self.headers.items():
            event["headers"].pop(name, None)
            if value is not None:
                event["headers"][name] = value.replace("<key>", key)
        return event

    def __str__(self) -> str:
        return f"{self.body!r:.600} {dict(self.headers)} base64={self.is_base64}"


def every_value_in_every_field() -> Iterator[Letter]:
    """Give each field of a request each of the values, right or wrong."""
    for place in _PLACES:
        name = json.loads("{" + place % "1" + "}").popitem()[0]
        rest = ",".join(f'"{k}":{json.dumps(v)}' for k, v in FOX.items() if k != name)
        for value in _VALUES:
            yield Letter("{" + rest + "," + place % value + "}", about=f"/{name}")


def every_naughty_string_everywhere() -> Iterator[Letter]:
    for text in NAUGHTY:
        for name in _TEXT_FIELDS:
            yield _told(FOX | {name: text}, f"/{name}", {name: text} if name == "prompt" else {})
        yield _told(FOX | {"images": [text]}, "/images", {})
        yield _told(FOX | {"tags": [text]}, "/tags", {"tags": [text]})
        yield _told(FOX | {"metadata": {"a": text}}, "/metadata", {"metadata": {"a": text}})
        yield _told(FOX | {"metadata": {text: "a"}}, "/metadata", {"metadata": {text: "a"}})
        yield Letter(json.dumps(FOX | {text: 1}))
        yield Letter(text)


def _told(document: dict[str, Any], about: str, kept: dict[str, Any]) -> Letter:
    return Letter(json.dumps(document), about=about, kept=kept)


def every_odd_header() -> Iterator[Letter]:
    body = json.dumps(FOX)
    for text in (*NAUGHTY, "k" * 255, "k" * 256, "a,b", "k" * 9000):
        yield Letter(body, {"idempotency-key": text})
        yield Letter(body, {"authorization": text})
        yield Letter(body, {"authorization": f"Bearer {text}"})
        yield Letter(body, {"authorization": f"{text} <key>"})
        yield Letter(body, {"authorization": f"Bearer <key>{text}"})
        yield Letter(body, {"content-type": text, "prefer": text, "accept": text})
    for text in ("bearer <key>", "BEARER  <key>", "Bearer\t<key>", "Bearer <key> ", "Basic <key>"):
        yield Letter(body, {"authorization": text})
    for kind in _ODD_TYPES:
        yield Letter(body, {"content-type": kind})
    for name in ("authorization", "content-type", "host"):
        yield Letter(body, {name: None})


def random_letters(rng: Random) -> Iterator[Letter]:
    """Go on for ever: most are nearly right, which is where the thin ice is."""
    makers: list[Callable[[Random], Letter]] = [
        *[_mutated] * 12,
        *[_with_odd_values] * 6,
        *[_with_a_name_twice] * 2,
        *[_in_another_encoding] * 2,
        *[_in_base64] * 2,
        *[_with_a_damaged_image] * 3,
        *[_with_odd_headers] * 2,
        _deep,
        _with_long_names,
        _long_or_short,
    ]
    while True:
        yield rng.choice(makers)(rng)


def any_body(rng: Random) -> tuple[str | bytes | None, bool | None]:
    """Return a callback's body, and whether it is flagged as base64 (None: as it should be)."""
    if rng.random() < 0.4:
        name = rng.choice(["taskId", "task_id", rng.choice(NAUGHTY)])
        value = rng.choice(_VALUES) if rng.random() < 0.5 else json.dumps(rng.choice(NAUGHTY))
        return mutated(
            f'{{"code":200,"data":{{"{name!s:.50}":{value}}}}}'.encode(errors="replace"), rng
        ), None
    letter = next(random_letters(rng))
    return letter.body, letter.is_base64


def mutated(content: bytes, rng: Random, *, most: int = 4) -> bytes:
    """Flip, drop, add, repeat or cut a few bytes."""
    result = bytearray(content)
    for _ in range(rng.randint(1, most)):
        at = rng.randrange(len(result) + 1)
        match rng.randrange(6):
            case 0 if at < len(result):
                result[at] ^= 1 << rng.randrange(8)
            case 1:
                del result[at : at + rng.randint(1, 4)]
            case 2:
                result[at:at] = rng.choice(
                    [rng.randbytes(1), b'"', b"\\", b"\xff", b"{", b"\\ud800"]
                )
            case 3:
                result[at:at] = result[at : at + rng.randint(1, 40)]
            case 4 if rng.random() < 0.2:
                del result[at:]
            case _ if at < len(result):
                result[at] = rng.randrange(256)
    return bytes(result)


def _valid(rng: Random) -> bytes:
    document = rng.choice(_VALID)
    return json.dumps(document, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _mutated(rng: Random) -> Letter:
    return Letter(mutated(_valid(rng), rng))


def _with_odd_values(rng: Random) -> Letter:
    """Several odd values and odd names in one request."""
    parts = [f'"{k}":{json.dumps(v)}' for k, v in rng.choice(_VALID).items()]
    for _ in range(rng.randint(1, 4)):
        value = rng.choice(_VALUES) if rng.random() < 0.5 else json.dumps(rng.choice(NAUGHTY))
        if rng.random() < 0.7:
            parts.append(rng.choice(_PLACES) % value)
        else:
            parts.append(f"{json.dumps(rng.choice(NAUGHTY))}:{value}")
    rng.shuffle(parts)
    return Letter("{" + ",".join(parts) + "}")


def _with_a_name_twice(rng: Random) -> Letter:
    text = _valid(rng).decode()
    name = rng.choice(['"model"', '"\\u006dodel"', '"prompt"', json.dumps(rng.choice(NAUGHTY))])
    return Letter(f"{text[:-1]},{name}:{rng.choice(_VALUES)},{name}:1}}")


def _in_another_encoding(rng: Random) -> Letter:
    text = _valid(rng).decode()
    match rng.randrange(6):
        case 0:
            return Letter(b"\xef\xbb\xbf" + text.encode())
        case 1:
            return Letter(text.encode(rng.choice(["utf-16", "utf-16-le", "utf-32", "utf-7"])))
        case 2:
            return Letter(text.replace("fox", "f\u00f6x").encode("latin-1", "replace"))
        case 3:
            return Letter(text.replace("fox", rng.choice(["\ud83e", "\udd8a", "\udc80"])))
        case 4:
            bad = rng.choice([b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80", b"\xff"])
            return Letter(text.encode().replace(b"fox", bad))
        case _:
            return Letter("\ufeff" + text)


def _in_base64(rng: Random) -> Letter:
    told = base64.b64encode(_valid(rng)).decode()
    changed = rng.choice(
        [
            told,
            told.rstrip("=") + "=" * rng.randrange(4),
            told[: rng.randrange(len(told))],
            told.replace("e", rng.choice(["-", "_", " ", "\n", "\u00e9", "\ud800", "="]), 1),
            "\n".join(told[n : n + 76] for n in range(0, len(told), 76)),
            mutated(told.encode(), rng).decode("latin-1"),
            "",
            _valid(rng).decode(),
        ]
    )
    return Letter(changed, is_base64=True)


@cache
def _pictures() -> tuple[tuple[str, bytes], ...]:
    files = []
    for kind in ("png", "jpeg", "webp", "gif"):
        file = BytesIO()
        Image.new("RGB", (9, 7), "teal").save(file, kind)
        files.append((kind, file.getvalue()))
    return tuple(files)


def _with_a_damaged_image(rng: Random) -> Letter:
    kind, content = rng.choice(_pictures())
    damaged = mutated(content, rng, most=3) if rng.random() < 0.9 else content
    text = base64.b64encode(damaged).decode()
    text = mutated(text.encode(), rng, most=1).decode("latin-1") if rng.random() < 0.1 else text
    return Letter(json.dumps(FOX | {"images": [f"data:image/{kind};base64,{text}"]}))


def _with_odd_headers(rng: Random) -> Letter:
    """A few idempotency keys for many bodies: replays and conflicts among them."""
    names = {"idempotency-key": rng.choice([*"abcdefgh", rng.choice(NAUGHTY)])}
    extra = {rng.choice(["prefer", "expect", "x-forwarded-host"]): rng.choice(NAUGHTY)}
    return Letter(rng.choice([_valid(rng), mutated(_valid(rng), rng)]), names | extra)


def _deep(rng: Random) -> Letter:
    depth = rng.choice([10, 300, 950, 1001, 3000, 20_000, 100_000])
    opening, closing = rng.choice(
        [("[", "]"), ('{"a":', "}"), ('[{"\\u0041":', "}]"), ("[1,", "]")]
    )
    inside = opening * depth + "1" + closing * (depth if rng.random() < 0.7 else 0)
    return Letter(rng.choice([inside, f'{{"prompt":"\\u0041","images":{inside}}}']))


def _with_long_names(rng: Random) -> Letter:
    """Names by the thousand, or one that fills the body: the answer must not repeat them all."""
    name = rng.choice(["x", "/", "~1", "\u00e9", "\U0001f98a"]) * rng.choice([100, 5000, 100_000])
    many = {f"{name[:3]}{n}": n for n in range(rng.choice([1, 200, 5000]))}
    nested: object = "\ud800"
    for _ in range(rng.choice([1, 30, 700])):
        nested = {name[:1000]: nested}
    document = rng.choice([many, {name: 1}, {"metadata": many}, {"metadata": {name: 1}}, nested])
    return Letter(json.dumps(document, ensure_ascii=rng.random() < 0.5))


def _long_or_short(rng: Random) -> Letter:
    match rng.randrange(40):
        case 0:
            return Letter(json.dumps(FOX | {"prompt": "x" * (4 * 1024 * 1024)}))
        case 1:
            return Letter(json.dumps(FOX | {"images": ["https://e.com/" + "x" * 3_000_000]}))
        case 2:
            return Letter("\u00e9" * 2_097_153)
        case n if n < 12:
            return Letter(None)
        case n if n < 20:
            return Letter(rng.choice(["", " ", "\n\t", "{}", "[]", "null", "0", '""', "{", "}"]))
        case _:
            return Letter(rng.randbytes(rng.randrange(200)))
