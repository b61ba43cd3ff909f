"""Which addresses of others may be called."""

from typing import Protocol


class MayReach(Protocol):
    def __call__(self, url: str) -> bool:
        """Tell whether a URL is one that may be called, as far as that can be seen from it."""
        ...
