"""What readers get to see of providers' callbacks."""

from typing import Any, Final

from shared.domain.public import timestamp
from shared.ports.callbacks import DatedCallback

_SHOWN_BYTES: Final = 64 * 1024
# Each of these grows sixfold on its way through JSON.
_CONTROLS: Final = {code: "\ufffd" for code in range(32) if chr(code) not in "\t\n\r"}


def callback_view(dated: DatedCallback) -> dict[str, Any]:
    """Return a callback as readable text: a byte that is no text becomes the sign for that."""
    text = dated.callback.body[:_SHOWN_BYTES].decode("utf-8", "replace")
    return {
        "object": "callback",
        "at": timestamp(dated.at),
        "attempt": dated.callback.attempt,
        "bytes": len(dated.callback.body),
        "body": text.translate(_CONTROLS),
    }
