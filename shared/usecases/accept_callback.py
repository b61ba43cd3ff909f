"""Accept a provider's callback: prove the token, keep the body, hand on. Nothing is read."""

import json
from dataclasses import dataclass
from typing import Final

from shared.domain.callback_token import CallbackTarget, is_genuine
from shared.domain.ids import TaskId
from shared.ports.callback_keys import CallbackKeySource
from shared.ports.callbacks import CallbackArchive
from shared.ports.messages import Queue, TaskHint
from shared.ports.runtime import Clock

KEPT_BYTES: Final = 64 * 1024
_LONGEST_TASK_ID: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptCallback:
    archive: CallbackArchive
    collect_queue: Queue
    callback_keys: CallbackKeySource
    clock: Clock

    def __call__(self, target: CallbackTarget, *, token: str, body: bytes) -> bool:
        """Return False for a token that is not ours; the caller then says nothing more.

        One of archive and queue failing is tolerated: the submission's deadline is the backstop.
        Both failing raises, so that the provider tries again.
        """
        now = self.clock.now()
        if not is_genuine(token, target, keys=self.callback_keys(), now=now):
            return False
        failure = self._archive(target, body)
        try:
            self.collect_queue.send(target.job_id, hint=task_hint(target.attempt, body))
        except Exception:
            if failure:
                raise
        return True

    def _archive(self, target: CallbackTarget, body: bytes) -> bool:
        kept = body[:KEPT_BYTES]
        try:
            self.archive.keep(target.job_id, attempt=target.attempt, body=kept)
        except Exception:  # noqa: BLE001  # whatever it was, the queue may still take it
            return True
        return False


def task_hint(attempt: int, body: bytes) -> TaskHint | None:
    """Read the task id out of a body that may be anything."""
    try:
        task_id = json.loads(body)["data"]["taskId"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(task_id, str) or not 0 < len(task_id) <= _LONGEST_TASK_ID:
        return None
    return TaskHint(attempt=attempt, task_id=TaskId(task_id))
