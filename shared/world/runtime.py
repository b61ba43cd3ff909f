"""What every function has: time, chance and secrets, and the ways to AWS and to the internet."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from shared.config import (
    AdminSettings,
    AnswerSettings,
    CallbackKeySettings,
    OutgoingSettings,
    StageSettings,
)

if TYPE_CHECKING:  # the names of what is made
    from shared.ports.callback_keys import CallbackKeySource
    from shared.ports.media import Previewer
    from shared.ports.runtime import Clock, Metrics, Parallel, RandomBytes, TraceId

_CALLS_AT_ONCE: Final = 10
# Each takes some parts of an image; more would cost memory and gain little.
IMAGES_AT_ONCE: Final = 2


class Runtime:
    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    @cached_property
    def clock(self) -> Clock:
        from shared.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def random_bytes(self) -> RandomBytes:
        return os.urandom

    @cached_property
    def trace_id(self) -> TraceId:
        from shared.adapters.trace import trace_id

        return trace_id

    @cached_property
    def metrics(self) -> Metrics:
        from shared.adapters.emf import EmfMetrics

        return EmfMetrics(stage=StageSettings.from_env(self._environ).stage, clock=self.clock)

    @cached_property
    def answer_seconds(self) -> float:
        """How long an answer that waits for its job may take."""
        return AnswerSettings.from_env(self._environ).seconds

    @cached_property
    def parallel(self) -> Parallel:
        from shared.adapters.parallel import Threads

        return Threads(at_once=_CALLS_AT_ONCE)

    @cached_property
    def transfers(self) -> Parallel:
        from shared.adapters.parallel import Threads

        return Threads(at_once=IMAGES_AT_ONCE)

    @cached_property
    def previewer(self) -> Previewer:
        # The preview function's package alone holds Pillow.
        from shared.adapters.pillow_previews import PillowPreviewer
        from shared.domain.image import MOST_PIXELS

        return PillowPreviewer(most_pixels=MOST_PIXELS)

    @cached_property
    def callback_keys(self) -> CallbackKeySource:
        """What opens: who has to know it may not make it."""
        from shared.adapters.secrets import CallbackKeyRing, Parameter

        return CallbackKeyRing(Parameter(self._ssm, name=self._callback_keys_name))

    @cached_property
    def signing_keys(self) -> CallbackKeySource:
        """What signs: the first who needs it makes it."""
        from shared.adapters.secrets import CallbackKeyRing, Parameter, new_callback_keys

        name = self._callback_keys_name
        return CallbackKeyRing(Parameter(self._ssm, name=name, first=new_callback_keys))

    @cached_property
    def is_admin_key(self) -> Callable[[str], bool]:
        from shared.adapters.secrets import AdminKeyCheck, Parameter

        name = AdminSettings.from_env(self._environ).admin_key_parameter
        return AdminKeyCheck(Parameter(self._ssm, name=name))

    @cached_property
    def _callback_keys_name(self) -> str:
        return CallbackKeySettings.from_env(self._environ).callback_keys_parameter

    def _ssm(self) -> Any:
        return self._aws("ssm")

    def _aws(self, name: str) -> Any:
        from shared.adapters.aws import client

        return client(name)

    @cached_property
    def _http(self) -> Any:
        from shared.adapters.http import HttpClient

        allowed = OutgoingSettings.from_env(self._environ).allowed_loopback
        return HttpClient(loopback_origins=allowed)
