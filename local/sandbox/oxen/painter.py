"""How an Oxen generation goes, queued or not."""

from dataclasses import dataclass
from http import HTTPStatus

from pydantic import ValidationError

from local.sandbox.ledger import FREE, Row
from local.sandbox.orders import Failed, Order, Picture, Refused
from local.sandbox.oxen.catalogue import PRICE_USD
from local.sandbox.oxen.events import Events
from local.sandbox.oxen.generations import Generation, Status
from local.sandbox.oxen.models import REQUESTS
from local.sandbox.references import Unreadable, Why
from local.sandbox.strict import explain
from local.sandbox.studio import Studio, seconds_within

QUEUED_SHARE = 0.2  # of a generation's time


class NotPainted(Exception):
    """Carries Oxen's free text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Painter:
    studio: Studio
    events: Events

    async def run(self, generation: Generation, row: Row) -> None:
        """Take a queued generation to its end and tell the listeners."""
        await self.studio.pause(_seconds(generation) * QUEUED_SHARE)
        generation.start()
        row.state = generation.status
        try:
            picture = await self.paint(generation, row)
        except NotPainted as problem:
            generation.error_message = str(problem)
            generation.end(Status.FAILED, row, FREE)
        else:
            generation.result_url = picture.url if picture else None
            generation.end(Status.SUCCEEDED, row, PRICE_USD)
        self.events.tell("media_generation_completed", generation.event(), row)

    async def paint(self, generation: Generation, row: Row) -> Picture | None:
        """Return None for a success that has nothing to show."""
        try:
            pictures = await self.studio.make(_order(generation, row))
        except ValidationError as exc:
            raise NotPainted(explain(exc)) from exc
        except Refused as exc:
            raise NotPainted("InputTextSensitiveContentDetected: content refused") from exc
        except Failed as exc:
            raise NotPainted(str(exc)) from exc
        except Unreadable as exc:
            raise NotPainted(_reason(exc)) from exc
        return pictures[0] if pictures else None


def _order(generation: Generation, row: Row) -> Order:
    wanted = REQUESTS[generation.model].model_validate(generation.model_params)
    return Order(
        row=row,
        model=generation.model,
        prompt=wanted.prompt,
        references=tuple(wanted.references),
        size_for=wanted.size_for,
        image_format=wanted.image_format,
        numbers=range(generation.number, generation.number + 1),
        total=generation.total,
        seconds=_seconds(generation) * (1 - QUEUED_SHARE),
    )


def _seconds(generation: Generation) -> float:
    return seconds_within(generation.id, 10, 30)


def _reason(problem: Unreadable) -> str:
    match problem.why:
        case Why.STATUS:
            status = HTTPStatus(problem.status or 500)
            side = "Client" if status.is_client_error else "Server"
            return f"{status.value} {side} Error: {status.phrase} for url: {problem.url}"
        case Why.TIMEOUT:
            return f"Read timed out for url: {problem.url}"
        case Why.TOO_LARGE:
            return f"Image too large for url: {problem.url}"
        case Why.NOT_AN_IMAGE:
            return f"Cannot identify image file for url: {problem.url}"
