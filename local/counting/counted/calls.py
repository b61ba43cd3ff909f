"""Hooks that tell of each call of a client to AWS, as it goes out and as it is answered.

What they tell with each call: its kind, the operation, and

* `sent`: how many bytes went out. A retry is a call of its own.
* `taken`: the capacity units of a call to DynamoDB, by where (`counted.capacity`).

To know the units of a write, DynamoDB is asked for them; the bytes of that question are taken off
again. A write that is refused takes units too, which no answer tells: it is told as `refused`.
"""

from collections.abc import Callable
from typing import Any, Final

from .capacity import WRITES, units

SENT: Final = "sent"
TAKEN: Final = "taken"
REFUSED: Final = "refused"

type Note = Callable[[str, str, Any], None]  # kind, operation, what of it

_QUESTION: Final = {"ReturnConsumedCapacity": "INDEXES"}
_QUESTION_BYTES: Final = len(', "ReturnConsumedCapacity": "INDEXES"')
_ASKED: Final = "what the caller asked for"


def listen(events: Any, note: Note) -> None:
    """`events` of a client, or of a session whose clients are yet to be made."""

    def sent(request: Any, event_name: str, **_more: Any) -> None:
        operation = event_name.rpartition(".")[2]
        size = int(request.headers.get("Content-Length", 0))
        note(SENT, operation, size - _QUESTION_BYTES * (operation in WRITES))

    def answered(event_name: str, parsed_response: Any, context: Any, **_more: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if parsed_response is None or "Error" in parsed_response:
            note(REFUSED, operation, None)
        else:
            note(TAKEN, operation, units(operation, context[_ASKED], parsed_response))

    events.register("before-parameter-build.dynamodb", _ask)
    events.register("before-send", sent)
    events.register("response-received.dynamodb", answered)


def _ask(params: dict[str, Any], model: Any, context: dict[str, Any], **_more: Any) -> None:
    if model.name in WRITES:
        params |= _QUESTION
    context[_ASKED] = params
