"""One piece of the event stream."""

from dataclasses import dataclass

from local.sandbox.ledger import Row


@dataclass(frozen=True, slots=True)
class Told:
    text: str
    row: Row | None = None  # of the generation that an event is about; comments have none
