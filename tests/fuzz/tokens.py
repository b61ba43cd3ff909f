"""Trials of forged callbacks: none is taken, and none makes the service touch anything."""

from itertools import islice
from random import Random
from typing import Any, Final, NoReturn

from shared.domain.callback_token import is_genuine
from tests.fuzz.calling import Api, Tally, logged_errors
from tests.fuzz.forgeries import KEYS, VALID, Pass, forgeries
from tests.memory_service import NOW, MemoryService

_BODY: Final = '{"code":200,"data":{"taskId":"apixo-0","state":"success"}}'
# All that a callback could read or write, directly or by mistake.
_WORLD: Final = (
    *("jobs", "outbox", "api_keys", "leases", "media", "uploads", "callback_archive", "providers"),
    *("collect_queue", "dispatch_queue", "wake_watch", "event_bus", "image_source"),
)


class Untouchable:
    """A part of the world that nobody may use."""

    def __init__(self, name: str, touched: list[str]) -> None:
        self._name = name
        self._touched = touched

    def __getattr__(self, name: str) -> NoReturn:
        self._touched.append(f"{self._name}.{name}")
        raise AssertionError(f"{self._name}.{name} was used")

    def __call__(self, *_: Any) -> NoReturn:
        self._touched.append(self._name)
        raise AssertionError(f"{self._name} was called")


def service_that_touches_nothing(touched: list[str]) -> MemoryService:
    service = MemoryService()
    service.callback_keys = lambda: KEYS
    for name in _WORLD:
        setattr(service, name, Untouchable(name, touched))
    return service


def forged_callbacks(seed: int, count: int) -> Tally:
    """Send forgeries through the function that hears callbacks."""
    tally = Tally()
    with logged_errors() as tally.broken:
        api = Api(service_that_touches_nothing(tally.broken), tally)
        for forged in _some_forgeries(seed, count):
            try:
                status = api.call_back(forged.path, _BODY).status
            except AssertionError as error:
                tally.broken.append(f"{error} {forged}")
                continue
            if status != 404:
                tally.broken.append(f"taken: {forged}")
    return tally


def forged_tokens(seed: int, count: int) -> Tally:
    """Show forgeries to the check itself, which is much faster."""
    tally = Tally()
    for forged in _some_forgeries(seed, count):
        tally.requests += 1
        try:
            taken = is_genuine(forged.token, forged.target, keys=KEYS, now=NOW)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            tally.exceptions += 1
            tally.broken.append(f"{error!r}: {forged}")
            continue
        tally.refused += not taken
        if taken:
            tally.broken.append(f"taken: {forged}")
    return tally


def genuine_callbacks_taken() -> int:
    """Count the genuine ones among what the forgeries are made from."""
    service = MemoryService()
    service.callback_keys = lambda: KEYS
    api = Api(service, Tally())
    return sum(api.call_back(one.path, _BODY).status == 200 for one in VALID)


def _some_forgeries(seed: int, count: int) -> "islice[Pass]":
    return islice(forgeries(Random(seed)), count)  # noqa: S311  # to be repeated
