"""Start a batch from a file in the uploads bucket: the same file twice makes nothing twice."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from shared.domain.api_key import ApiKey
from shared.domain.batch import (
    LARGEST_BYTES,
    MOST_LINES,
    USUAL_IN_FLIGHT,
    Batch,
    Format,
    batch_id_of,
)
from shared.domain.batch_lines import lines_of
from shared.domain.errors import FieldError, InvalidRequest, VersionConflict
from shared.ports.intake import Batches, BatchQueue, DropFolder
from shared.ports.jobs import Admission, Idempotency, JobStore
from shared.ports.runtime import Clock
from shared.usecases.admission import answer_to

_FOLDER: Final = "batches/"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWish:
    key: str
    version_id: str | None = None
    max_usd: Decimal | None = None
    max_in_flight: int = USUAL_IN_FLIGHT


def _without_a_name(batch: Batch) -> None:
    del batch


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBatch:
    """Raises InvalidRequest for a file that is missing, too large, or no list of requests."""

    folder: DropFolder
    jobs: JobStore
    batches: Batches
    batch_queue: BatchQueue
    clock: Clock

    def earlier(self, idempotency: Idempotency | None) -> str | None:
        """Return the answer that a repeated request got before. Raises KeyReused."""
        known = idempotency and self.jobs.admitted(idempotency, now=self.clock.now())
        return answer_to(known, idempotency) if known else None

    def __call__(
        self,
        wish: BatchWish,
        *,
        key: ApiKey,
        admission: Callable[[Batch], Admission | None] = _without_a_name,
    ) -> Batch:
        """`admission` says which answer an idempotency key stands for once the batch is written.

        Raises AlreadyAdmitted when another post has stored an answer under the key first.
        """
        found = self.folder.look(wish.key, version_id=wish.version_id)
        if found is None:
            raise _refused("is not there")
        if found.bytes > LARGEST_BYTES:
            raise _refused(f"has {found.bytes} bytes; at most {LARGEST_BYTES} are allowed")
        # What is counted now is what is run, whatever is put there meanwhile.
        wish = replace(wish, version_id=found.version_id)
        content = self.folder.read(wish.key, version_id=wish.version_id, at_most=LARGEST_BYTES)
        if content is None:
            raise _refused("is not there any more")
        batch = self._batch(wish, key, content)
        try:
            self.batches.add(batch, admission=admission(batch))
        except VersionConflict:
            batch = self.batches.get(key.tenant, batch.id)
            named = admission(batch)
            if named:
                self.batches.admit(named, of=batch, now=self.clock.now())
        if not batch.is_over:
            self.batch_queue.send(batch.tenant, batch.id)
        return batch

    def _batch(self, wish: BatchWish, key: ApiKey, content: bytes) -> Batch:
        now, kind = self.clock.now(), _format_of(wish.key, content)
        return Batch(
            id=batch_id_of(key.tenant, content),
            tenant=key.tenant,
            key_id=key.id,
            name=wish.key.removeprefix(_FOLDER).rpartition(".")[0] or wish.key,
            key=wish.key,
            version_id=wish.version_id,
            format=kind,
            lines=_count(content, kind),
            max_usd=wish.max_usd,
            max_in_flight=wish.max_in_flight,
            due_at=now,
            created_at=now,
            updated_at=now,
        )


def _format_of(key: str, content: bytes) -> Format:
    if key.endswith(".csv"):
        return Format.CSV
    is_json = key.endswith(".jsonl") or content.lstrip()[:1] == b"{"
    return Format.JSONL if is_json else Format.CSV


def _count(content: bytes, kind: Format) -> int:
    try:
        count = sum(1 for _ in lines_of(content, kind))
    except ValueError as exc:
        raise _refused(f"is no {kind.upper()} in UTF-8") from exc
    if not 0 < count <= MOST_LINES:
        raise _refused(f"has {count} lines; 1 to {MOST_LINES} are allowed")
    return count


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest([FieldError(pointer="/upload", code="batch", message=message)])
