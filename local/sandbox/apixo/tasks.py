"""APIXO's tasks and how they go."""

import json
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from pydantic import JsonValue

from local.sandbox import markers
from local.sandbox.apixo.callbacks import Courier
from local.sandbox.apixo.letters import Letter
from local.sandbox.apixo.request import Submission
from local.sandbox.clock import unix_milliseconds
from local.sandbox.faults.tasks import RESULT_JSON
from local.sandbox.ledger import Row
from local.sandbox.orders import Failed, Order, Refused
from local.sandbox.references import Unreadable, Why
from local.sandbox.studio import Studio, seconds_within

PRICE_USD = Decimal("0.035")
QUEUED_SHARE = 0.1  # of a task's time
LARGE_PIXELS = 8_000_000  # from here on a picture takes as long as a 4K one


class State(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class Task:
    model: str
    submission: Submission
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    state: State = State.PENDING
    created_ms: int = field(default_factory=unix_milliseconds)
    ending: dict[str, JsonValue] = field(default_factory=dict)

    def end(self, state: State, **ending: JsonValue) -> None:
        self.state = state
        self.ending = {**ending, "completeTime": unix_milliseconds()}

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "taskId": self.id,
            "state": self.state,
            "createTime": self.created_ms,
            **self.ending,
        }

    @property
    def seconds(self) -> float:
        if self.submission.input.dimensions.pixels >= LARGE_PIXELS:
            return seconds_within(self.id, 40, 55)
        return seconds_within(self.id, 25, 35)


class Workshop:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._courier = Courier(studio)

    async def run(self, task: Task, row: Row) -> None:
        await self._studio.pause(task.seconds * QUEUED_SHARE)
        task.state = row.state = State.PROCESSING
        try:
            pictures = await self._studio.make(_order(task, row))
        except Refused:
            task.end(State.FAILED, failCode="SensitiveContentDetected", failMsg="Content refused")
        except Failed as problem:
            task.end(State.FAILED, failCode=problem.code, failMsg=str(problem))
        except Unreadable as problem:
            code, text = _fail(problem)
            task.end(State.FAILED, failCode=code, failMsg=text)
        else:
            self._succeed(task, row, [picture.url for picture in pictures])
        row.settle(task.state, PRICE_USD * len(row.results))
        if url := task.submission.where_to_call:
            await self._courier.deliver(Letter(url=url, task=task.to_json()), row)

    def _succeed(self, task: Task, row: Row, urls: list[str]) -> None:
        results = json.dumps({"resultUrls": urls}, separators=(",", ":"))
        for fault in self._studio.chaos.striking(RESULT_JSON, row.provider, row):
            results = fault.told(results)
        task.end(
            State.SUCCESS,
            resultJson=results,
            costTime=unix_milliseconds() - task.created_ms,
        )


def _order(task: Task, row: Row) -> Order:
    wanted = task.submission.input
    made = markers.images_made(wanted.prompt, asked=wanted.max_images)
    return Order(
        row=row,
        model=task.model,
        prompt=wanted.prompt,
        references=tuple(wanted.image_urls or ()),
        size_for=lambda _: wanted.dimensions,
        image_format="png",
        numbers=range(1, made + 1),
        total=made,
        seconds=task.seconds * (1 - QUEUED_SHARE),
    )


def _fail(problem: Unreadable) -> tuple[str, str]:
    match problem.why:
        case Why.TIMEOUT:
            return "IMAGE_DOWNLOAD_FAILED", f"Timeout while downloading url={problem.url}"
        case Why.STATUS:
            text = f"Error while downloading url={problem.url}, status code {problem.status}"
            return "IMAGE_DOWNLOAD_FAILED", text
        case Why.TOO_LARGE:
            return "IMAGE_TOO_LARGE", f"Image too large, url={problem.url}"
        case Why.NOT_AN_IMAGE:
            return "UNSUPPORTED_FORMAT", f"Not an image, url={problem.url}"
