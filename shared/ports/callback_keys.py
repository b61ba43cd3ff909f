"""The keys that sign the addresses for callbacks."""

from typing import Protocol

from shared.domain.callback_token import CallbackKeys


class CallbackKeySource(Protocol):
    def __call__(self) -> CallbackKeys: ...
