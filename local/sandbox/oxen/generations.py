"""Oxen's generations: one image each, however many were asked for together."""

import uuid
from asyncio import Task
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from pydantic import JsonValue

from local.sandbox.clock import unix_seconds
from local.sandbox.ledger import Row

ACCOUNT = "sandbox"
CONTROL_FIELDS = {"model", "num_generations", "target_namespace"}


class Status(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = frozenset({Status.QUEUED, Status.PROCESSING})


@dataclass(slots=True, kw_only=True)
class Generation:
    model: str
    params: dict[str, JsonValue]
    number: int
    total: int
    namespace: str = ACCOUNT
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: Status = Status.QUEUED
    enqueued_at: int = field(default_factory=unix_seconds)
    started_at: int | None = None
    completed_at: int | None = None
    result_url: str | None = None
    error_message: str | None = None
    cost: Decimal | None = None
    work: Task[None] | None = None

    @property
    def model_params(self) -> dict[str, JsonValue]:
        return {name: value for name, value in self.params.items() if name not in CONTROL_FIELDS}

    def start(self) -> None:
        self.status = Status.PROCESSING
        self.started_at = unix_seconds()

    def end(self, status: Status, row: Row, cost: Decimal) -> None:
        self.status = status
        self.completed_at = unix_seconds()
        self.cost = cost
        row.settle(status, cost)

    def queue_row(self) -> dict[str, JsonValue]:
        return {
            **self.model_params,
            **self._times_and_outcome(),
            "prompt": self.params.get("prompt"),
            "media_type": "image",
            "status": self.status,
        }

    def history_row(self) -> dict[str, JsonValue]:
        """Show the cost, which the queue does not know; the status only the queue shows."""
        return {
            **self.model_params,
            **self._times_and_outcome(),
            "cost": None if self.cost is None else str(self.cost),
            "target_directory": None,
            "target_namespace": self.namespace,
            "target_repo": None,
            "user_id": ACCOUNT,
            "user_image": None,
            "username": ACCOUNT,
        }

    def event(self) -> dict[str, JsonValue]:
        """Say it in the stream's words, which are not the queue's."""
        told: dict[str, JsonValue] = {
            "generation_id": self.id,
            "status": self.status,
            "media_type": "image",
        }
        if self.status is Status.SUCCEEDED:
            return {**told, "model": self.model, "url": self.result_url}
        return {**told, "error": self.error_message}

    def _times_and_outcome(self) -> dict[str, JsonValue]:
        return {
            "generation_id": self.id,
            "model_name": self.model,
            "result_url": self.result_url,
            "error_message": self.error_message,
            "enqueued_at": self.enqueued_at,
            "started_at": self.started_at,
            "completed_at": self.completed_at,
        }


class Generations:
    def __init__(self) -> None:
        self._by_id: dict[str, tuple[Generation, Row]] = {}

    def add(self, generation: Generation, row: Row) -> None:
        self._by_id[generation.id] = generation, row

    def get(self, generation_id: str) -> tuple[Generation, Row] | None:
        return self._by_id.get(generation_id)

    def matching(self, keep: Callable[[Generation], bool]) -> Iterator[Generation]:
        """Yield the oldest first."""
        return (generation for generation, _ in self._by_id.values() if keep(generation))
