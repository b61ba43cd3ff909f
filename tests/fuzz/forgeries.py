"""Callback URLs that nobody was given: made from genuine ones, and none of them genuine."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from shared.domain.callback_token import CallbackKeys, CallbackTarget, sign
from shared.domain.ids import JobId
from tests.fuzz.naughty import NAUGHTY
from tests.memory_service import NOW

KEYS: Final = CallbackKeys(current="k2", keys={"k1": b"the old key", "k2": b"the new key"})
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LOOK_ALIKES: Final = dict(
    zip(
        "aceopxABEKkO01lI58273.-_si",
        "\u0430\u0441\u0435\u043e\u0440\u0445\u0391\u0392\u0395\u212a\u212a\u039fOl1lSB\u0662\uff17\u00b3\u2024\u2010\uff3f\u017f\u0131",
        strict=True,
    )
)
_PADDING: Final = (
    "=",
    "==",
    " ",
    "\n",
    "\r\n",
    "\0",
    "\t",
    "%20",
    "%3D",
    "\u200b",
    "\ufeff",
    ".",
    "/",
)
_KEY_IDS: Final = ("k1", "k2", "k3", "K2", "", "k", "k22", "k2 ", "none", "0", "\uff4b2", "k" * 17)
_GUESSES: Final = (b"", b"\0", b"secret", b"k2", b"the new keY", b"changeme")


class Pass(NamedTuple):
    """The parts of a callback URL."""

    provider: str
    job_id: str
    attempt: int
    token: str

    @property
    def target(self) -> CallbackTarget:
        return CallbackTarget(
            provider=self.provider, job_id=JobId(self.job_id), attempt=self.attempt
        )

    @property
    def path(self) -> dict[str, str]:
        return self._asdict() | {"attempt": str(self.attempt)}


def _issued(provider: str, job_id: str, attempt: int, kid: str, expires: datetime) -> Pass:
    unsigned = Pass(provider, job_id, attempt, "")
    keys = CallbackKeys(current=kid, keys=KEYS.keys)
    return unsigned._replace(token=sign(unsigned.target, keys=keys, expires=expires))


def genuine_passes(*, expires: datetime) -> tuple[Pass, ...]:
    """Issue passes for a few jobs, attempts and providers under both keys."""
    return tuple(
        _issued(provider, f"job_01M7WD7TG077SW7SMK251N3N{number:02}", attempt, kid, expires)
        for number in range(3)
        for provider in ("apixo", "oxen")
        for attempt in (1, 2, 11)
        for kid in KEYS.keys
    )


VALID: Final = genuine_passes(expires=NOW + timedelta(days=3))
EXPIRED: Final = (*genuine_passes(expires=NOW), *genuine_passes(expires=NOW - timedelta(days=1)))
_GENUINE: Final = frozenset(VALID)


def forgeries(rng: Random) -> Iterator[Pass]:
    """Go on for ever."""
    while True:
        forged = rng.choice(_WAYS)(rng.choice(VALID), rng)
        if rng.random() < 0.2:
            forged = rng.choice(_WAYS)(forged, rng)
        if forged not in _GENUINE:
            yield forged


def _a_bit_flipped(one: Pass, rng: Random) -> Pass:
    at = rng.randrange(len(one.token) or 1)
    changed = chr(ord(one.token[at : at + 1] or "k") ^ 1 << rng.randrange(8))
    return one._replace(token=one.token[:at] + changed + one.token[at + 1 :])


def _a_character_changed(one: Pass, rng: Random) -> Pass:
    at = rng.randrange(len(one.token) + 1)
    return one._replace(token=one.token[:at] + rng.choice(_BASE64) + one.token[at + 1 :])


def _spare_bits(one: Pass, rng: Random) -> Pass:
    """Of the last character two bits decode to nothing: four spellings of the same bytes."""
    last = _BASE64.find(one.token[-1:])
    return one._replace(token=one.token[:-1] + _BASE64[(last & ~3) | rng.randrange(4)])


def _cut(one: Pass, rng: Random) -> Pass:
    at, length = rng.randrange(len(one.token) + 1), rng.randint(1, len(one.token) + 1)
    return one._replace(token=one.token[:at] + one.token[at + length :])


def _extended(one: Pass, rng: Random) -> Pass:
    at = rng.choice([0, len(one.token), rng.randrange(len(one.token) + 1)])
    extra = rng.choice([*_PADDING, rng.choice(_BASE64), rng.choice(NAUGHTY), one.token])
    return one._replace(token=one.token[:at] + extra + one.token[at:])


def _in_another_case(one: Pass, rng: Random) -> Pass:
    match rng.randrange(4):
        case 0:
            return one._replace(token=one.token.swapcase())
        case 1:
            return one._replace(token=rng.choice([one.token.lower(), one.token.upper()]))
        case 2:
            at = rng.randrange(len(one.token) or 1)
            swapped = one.token[at : at + 1].swapcase()
            return one._replace(token=one.token[:at] + swapped + one.token[at + 1 :])
        case _:
            return one._replace(job_id=one.job_id.lower(), provider=one.provider.upper())


def _look_alike(one: Pass, rng: Random) -> Pass:
    which = rng.randrange(4)
    text = (one.job_id, one.provider, one.token, one.token)[which]
    places = [at for at, char in enumerate(text) if char in _LOOK_ALIKES] or [0]
    at = rng.choice(places)
    changed = text[:at] + _LOOK_ALIKES.get(text[at : at + 1], "\u0430") + text[at + 1 :]
    if which == 0:
        return one._replace(job_id=changed)
    return one._replace(provider=changed) if which == 1 else one._replace(token=changed)


def _another_target(one: Pass, rng: Random) -> Pass:
    other = rng.choice(VALID)
    match rng.randrange(5):
        case 0:
            return one._replace(job_id=other.job_id)
        case 1:
            return one._replace(
                provider=rng.choice(["oxen", "apixo", "aimlapi", rng.choice(NAUGHTY)])
            )
        case 2:
            return one._replace(attempt=rng.choice([1, 2, 3, 11, 111, 9999, one.attempt + 1]))
        case 3:
            return one._replace(job_id=rng.choice([one.job_id + "0", one.job_id[:-1], "", "job_"]))
        case _:
            return one._replace(job_id=rng.choice(NAUGHTY))


def _another_token(one: Pass, rng: Random) -> Pass:
    return one._replace(token=rng.choice([*VALID, *EXPIRED]).token)


def _a_part_changed(one: Pass, rng: Random) -> Pass:
    """Another key id, or another expiry, with the rest as it was."""
    kid, _, rest = one.token.partition(".")
    expiry, _, mac = rest.partition(".")
    if rng.random() < 0.5:
        return one._replace(token=f"{rng.choice(_KEY_IDS)}.{expiry}.{mac}")
    later = int(expiry) + rng.choice([1, -1, 60, 86_400, 10**9]) if expiry.isdecimal() else 0
    other = rng.choice(
        [str(later), f"0{expiry}", f"+{expiry[1:]}", "9999999999", "", f"-{expiry[1:]}"]
    )
    return one._replace(token=f"{kid}.{other}.{mac}")


def _parts_swapped(one: Pass, rng: Random) -> Pass:
    parts = one.token.split(".")
    rng.shuffle(parts)
    return one._replace(token=rng.choice([".", ".", "", "-", "..", ":"]).join(parts))


def _spliced(one: Pass, rng: Random) -> Pass:
    """The beginning of one token and the end of another."""
    other = rng.choice([*VALID, *EXPIRED]).token
    if rng.random() < 0.5:
        mine, theirs = one.token.split("."), other.split(".")
        at = rng.randrange(len(mine) + 1)
        return one._replace(token=".".join([*mine[:at], *theirs[at:]]))
    at = rng.randrange(len(one.token) + 1)
    return one._replace(token=one.token[:at] + other[at:])


def _signed_by_another(one: Pass, rng: Random) -> Pass:
    """Well-made in every way, with a key that is not ours."""
    expiry = str(int(NOW.timestamp()) + rng.randint(1, 10**8))
    words = ["cb1", one.provider, one.job_id, str(one.attempt), expiry]
    key = rng.choice([*_GUESSES, rng.randbytes(11)])
    digest = hmac.new(
        key,
        rng.choice(["\0", ".", ""]).join(words).encode("utf-8", "surrogatepass"),
        hashlib.sha256,
    )
    mac = urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    return one._replace(token=f"{rng.choice(_KEY_IDS[:2])}.{expiry}.{mac}")


def _too_late(one: Pass, rng: Random) -> Pass:
    del one
    return rng.choice(EXPIRED)


def _anything(one: Pass, rng: Random) -> Pass:
    return one._replace(token=rng.choice([*NAUGHTY, rng.randbytes(57).decode("latin-1")]))


_WAYS: Final[tuple[Callable[[Pass, Random], Pass], ...]] = (
    *(_a_bit_flipped, _a_character_changed, _spare_bits, _cut, _extended, _in_another_case),
    *(_look_alike, _another_target, _another_token, _a_part_changed, _parts_swapped, _spliced),
    *(_signed_by_another, _too_late, _anything),
)
