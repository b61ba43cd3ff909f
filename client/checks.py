"""What `seedhook doctor` looks at, one thing after the other."""

import ipaddress
import platform
import socket
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from client.seedhook import (
    Job,
    NotAuthorised,
    Provider,
    Seedhook,
    SeedhookError,
    Unreachable,
    __version__,
)

# One opaque pixel, as PNG.
_PIXEL: Final = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
_SKEW_SEEN: Final = 10  # seconds; the header itself has whole ones
_SKEW_FATAL: Final = 300  # what the signatures of webhooks and links forgive
_STUCK: Final = timedelta(minutes=5)  # the watch repairs within one or two


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    what: str
    told: str
    level: Level = Level.OK
    advice: str | None = None


type Findings = Iterator[Finding]
type Resolve = Callable[[str], list[str]]


def resolved(host: str) -> list[str]:
    """Return the addresses of a host, none for one that has none."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None)]
    except OSError:
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    client: Seedhook
    url: str
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    clock: Callable[[], float] = time.monotonic
    resolve: Resolve = resolved

    def findings(self) -> Findings:
        """Tell what was found; what cannot be asked without API or key is left out."""
        versions = f"seedhook {__version__}, httpx {httpx.__version__}"
        yield Finding(what="this side", told=f"{versions}, Python {platform.python_version()}")
        try:
            yield from self._api()
            yield from self._key()
        except Unreachable as exc:
            yield _failed("api", exc, f"is {self.url} the address, and is the stack running?")
            return
        except NotAuthorised as exc:
            yield _failed("key", exc, "make one with `seedhook keys create`, set SEEDHOOK_API_KEY")
            return
        except SeedhookError as exc:
            yield _failed("api", exc, "look into the functions' logs")
            return
        yield from self._asked("providers", self._providers)
        yield from self._asked("models", self._models)
        yield from self._asked("uploads", self._uploads)
        yield from self._asked("media", self._media)
        yield from self._asked("queues", self._queues)
        yield from self._asked("webhooks", self._webhooks)

    def _asked(self, what: str, check: Callable[[], Findings]) -> Findings:
        """One thing that cannot be asked about hides no other."""
        try:
            yield from check()
        except SeedhookError as exc:
            yield _failed(what, exc, "look into the functions' logs")

    def _api(self) -> Findings:
        began = self.clock()
        health = self.client.health()
        took = (self.clock() - began) * 1000
        told = f"{self.url} answers `{health.status}` in {took:.0f} ms"
        version = self.client.ask("GET", "/v1/openapi.json").get("info", {}).get("version")
        yield Finding(what="api", told=f"{told}, version {version}")
        if health.at is None:
            yield Finding(
                what="clock", told="the answer has no date to compare with", level=Level.WARN
            )
            return
        yield _skew((self.now() - health.at).total_seconds())

    def _key(self) -> Findings:
        next(iter(self.client.list(limit=1)), None)
        yield Finding(what="key", told="opens the API")

    def _providers(self) -> Findings:
        providers = self.client.providers()
        yield self._callback_address(providers)
        for provider in providers:
            yield _provider(provider)

    def _callback_address(self, providers: tuple[Provider, ...]) -> Finding:
        """Say who can call back: the address is the one that jobs are told under."""
        newest = next(iter(self.client.list(limit=1)), None)
        base = newest.urls["self"].partition("/v1/")[0] if newest else self.url
        host = urlsplit(base).hostname or ""
        addresses = self.resolve(host)
        if not addresses:
            told = f"{host} has no address here"
            return Finding(
                what="callbacks", told=told, level=Level.WARN, advice="does its name resolve?"
            )
        if all(ipaddress.ip_address(one.partition("%")[0]).is_global for one in addresses):
            return Finding(what="callbacks", told=f"{base} can be reached from outside")
        near = "only this machine or its network reaches"
        if all(provider.sandbox for provider in providers):
            return Finding(what="callbacks", told=f"{near} {base}: enough for the sandbox")
        return Finding(
            what="callbacks",
            told=f"{near} {base}: results of real providers are polled for",
            level=Level.WARN,
            advice="for callbacks, start a tunnel and set SEEDHOOK_PUBLIC_URL",
        )

    def _models(self) -> Findings:
        models = self.client.models()
        unpriced = [
            f"{provider}/{model.id}"
            for model in models
            for provider, offer in model.providers.items()
            if offer.usd_per_image is None
        ]
        if unpriced:
            yield Finding(
                what="models",
                told=f"{len(models)} models; no price known for {', '.join(unpriced)}",
                level=Level.WARN,
                advice="set the parameter Prices (locally SEEDHOOK_PRICES); budgets need it",
            )
            return
        yield Finding(what="models", told=f"{len(models)} models, all of them priced")

    def _uploads(self) -> Findings:
        """Put one pixel there: a form alone proves no bucket. It goes away by itself."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "pixel.png"
            file.write_bytes(_PIXEL)
            self.client.upload(file)
        yield Finding(what="uploads", told="the uploads bucket takes a file")

    def _media(self) -> Findings:
        newest = next((job for job in self.client.list(limit=20) if job.images), None)
        if newest is None:
            yield Finding(what="media", told="no image to look at among the last 20 jobs")
            return
        with tempfile.TemporaryDirectory() as folder:
            self.client.download(newest, newest.images[0].index, folder)
        yield Finding(what="media", told=f"an image of {newest.id} is what its job recorded")

    def _queues(self) -> Findings:
        before = (self.now() - _STUCK).isoformat(timespec="seconds")
        for status in ("queued", "submitting", "storing"):
            stuck: Job | None = next(
                iter(self.client.list(status=status, until=before, limit=1)), None
            )
            if stuck:
                yield Finding(
                    what="queues",
                    told=f"{stuck.id} is {status} since {stuck.updated_at:%Y-%m-%d %H:%M}",
                    level=Level.WARN,
                    advice="are the dead-letter queues empty, and does the watch run?",
                )
                return
        yield Finding(what="queues", told="no job has waited for more than five minutes")

    def _webhooks(self) -> Findings:
        endpoints: list[dict[str, Any]] = self.client.ask("GET", "/v1/webhooks").get("data", [])
        for one in endpoints:
            if not one.get("enabled") or one.get("failing_since"):
                told = "disabled" if not one.get("enabled") else "failing"
                yield Finding(
                    what="webhooks",
                    told=f"{one.get('id')} is {told}",
                    level=Level.WARN,
                    advice=f"seedhook webhooks deliveries --webhook {one.get('id')}",
                )
                return
        yield Finding(what="webhooks", told=f"{len(endpoints)} endpoints, none of them failing")


def _skew(seconds: float) -> Finding:
    off = abs(seconds)
    told = f"this clock is {off:.0f} s {'ahead of' if seconds > 0 else 'behind'} the API's"
    advice = "set this machine's clock: signatures are refused from five minutes on"
    if off > _SKEW_FATAL:
        return Finding(what="clock", told=told, level=Level.FAIL, advice=advice)
    if off > _SKEW_SEEN:
        return Finding(what="clock", told=told, level=Level.WARN, advice=advice)
    return Finding(what="clock", told=f"this clock and the API's differ by {off:.0f} s")


def _provider(provider: Provider) -> Finding:
    kind = "sandbox" if provider.sandbox else "real"
    busy = f", {provider.in_flight} in flight" if provider.in_flight is not None else ""
    of = f" of {provider.max_in_flight}" if provider.max_in_flight else ""
    told = f"{kind}{busy}{of}"
    what = f"provider {provider.name}"
    if provider.open_models:
        models = ", ".join(provider.open_models)
        advice = "`GET /v1/providers` has the reason; jobs go elsewhere until it works again"
        return Finding(
            what=what,
            told=f"{told}; kept from {models} after failures",
            level=Level.WARN,
            advice=advice,
        )
    return Finding(what=what, told=told)


def _failed(what: str, error: SeedhookError, advice: str) -> Finding:
    return Finding(what=what, told=str(error), level=Level.FAIL, advice=advice)
