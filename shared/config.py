"""The environment, read in one place, by concern: each function has just what it needs.

Plain classes: a cold start would pay more for a library's checks than for all of them.
"""

import os
from collections.abc import Mapping
from typing import Final, Self

# Seconds that an answer may wait for its job.
_LONGEST_ANSWER: Final = 25  # API Gateway gives up after 30
_LONGEST_OPENAI_WAIT: Final = 840  # Lambda ends a function after 900


class SettingMissing(Exception):
    """A function was deployed without a variable that it needs."""


class _FromEnv:
    """Each annotation is a variable, in capitals; one without a default has to be there."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        settings = cls()
        for name in cls.__annotations__:
            value = environ.get(name.upper(), "")
            if value:
                setattr(settings, name, value)
            elif not hasattr(cls, name):
                raise SettingMissing(f"{name.upper()} is not set, and {cls.__name__} needs it")
        return settings


class StageSettings(_FromEnv):
    stage: str = "dev"


class TableSettings(_FromEnv):
    table_name: str


class MediaSettings(_FromEnv):
    media_bucket: str


class UploadsSettings(_FromEnv):
    uploads_bucket: str


class CollectQueueSettings(_FromEnv):
    collect_queue_url: str


class DispatchQueueSettings(_FromEnv):
    dispatch_queue_url: str


class DeliverQueueSettings(_FromEnv):
    deliver_queue_url: str


class PreviewQueueSettings(_FromEnv):
    preview_queue_url: str


class WatchSettings(_FromEnv):
    watch_function: str


class EventSettings(_FromEnv):
    event_bus: str


class CallbackKeySettings(_FromEnv):
    callback_keys_parameter: str


class AdminSettings(_FromEnv):
    admin_key_parameter: str


class AddressSettings(_FromEnv):
    """Where this API is found. `loopback_url` is set in the local run alone."""

    public_url: str = ""
    public_url_parameter: str = ""
    loopback_url: str = ""


class OutgoingSettings(_FromEnv):
    loopback_origins: str = ""

    @property
    def allowed_loopback(self) -> frozenset[str]:
        return frozenset(_words(self.loopback_origins))


class IntakeQueueSettings(_FromEnv):
    intake_queue_url: str


class IntakeSettings(_FromEnv):
    """Ids of the API keys that jobs from folders and events run under; without one, none do."""

    edits_key_id: str = ""
    events_key_id: str = ""


class AnswerSettings(_FromEnv):
    """`openai_wait_seconds` is set for the function behind the function URL alone."""

    answer_seconds: str = str(_LONGEST_ANSWER)
    openai_wait_seconds: str = ""

    @property
    def seconds(self) -> float:
        """At most what API Gateway, or Lambda behind a function URL, leaves time for."""
        if self.openai_wait_seconds:
            return min(float(self.openai_wait_seconds), _LONGEST_OPENAI_WAIT)
        return min(float(self.answer_seconds), _LONGEST_ANSWER)


class PriceSettings(_FromEnv):
    prices: str = ""


class LimitSettings(_FromEnv):
    """How many jobs may be in flight at each provider, as `apixo=200,oxen=50`; else no limit."""

    max_in_flight: str = ""

    @property
    def limits(self) -> dict[str, int]:
        pairs = (word.partition("=") for word in _words(self.max_in_flight))
        return {name.strip(): int(number) for name, _, number in pairs}


class DrainSettings(_FromEnv):
    """Providers that get no new jobs; what they have in hand is finished."""

    drained_providers: str = ""

    @property
    def drained(self) -> frozenset[str]:
        return frozenset(_words(self.drained_providers))


class ProviderSettings(_FromEnv):
    """A provider without the name of its key's parameter is not used."""

    sandbox_providers: str = ""
    apixo_base_url: str = ""
    apixo_key_parameter: str = ""
    oxen_base_url: str = ""
    oxen_key_parameter: str = ""
    aimlapi_base_url: str = ""
    aimlapi_key_parameter: str = ""

    @property
    def base_urls(self) -> dict[str, str]:
        urls = {
            "apixo": self.apixo_base_url,
            "oxen": self.oxen_base_url,
            "aimlapi": self.aimlapi_base_url,
        }
        return {name: url.rstrip("/") for name, url in urls.items() if self.key_parameters[name]}

    @property
    def key_parameters(self) -> dict[str, str]:
        return {
            "apixo": self.apixo_key_parameter,
            "oxen": self.oxen_key_parameter,
            "aimlapi": self.aimlapi_key_parameter,
        }

    @property
    def sandboxed(self) -> frozenset[str]:
        return frozenset(_words(self.sandbox_providers))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
