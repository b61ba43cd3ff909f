"""Oxen.ai echoes a request in its lists: a submission whose answer was lost can be found there."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.adapters.providers.oxen_schema import REFERENCE_FIELDS
from shared.domain.ids import TaskId

# Around the moment of sending: their clock may differ, and a request may wait at their door. But
# what comes later than this may be another job's whose own answer is still on its way.
_BEFORE: Final = timedelta(seconds=60)
_AFTER: Final = timedelta(seconds=15)
_YEAR_3000: Final = 32_503_680_000  # in seconds; beyond it a time means nothing
_NOT_ECHOED: Final = frozenset({"num_generations"})


def fingerprint(body: Mapping[str, Any]) -> str:
    """Return a digest of all that an echo of this request must repeat exactly.

    Reference images count the same under each of the names that they have had.
    """
    apart = _NOT_ECHOED.union(REFERENCE_FIELDS)
    echoed = {name: value for name, value in body.items() if name not in apart}
    for images in filter(None, map(body.get, REFERENCE_FIELDS)):
        listed = images if isinstance(images, list) else [images]
        # Under two names with two contents it is no request of ours.
        echoed["images"] = listed if echoed.get("images", listed) == listed else None
    text = json.dumps(echoed, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def echoes(
    rows: Iterable[Mapping[str, Any]], *, sought: str, fields: Iterable[str], sent_at: datetime
) -> tuple[TaskId, ...]:
    """Return the ids of the rows that repeat the request in question, in their order."""
    names = {*fields, *REFERENCE_FIELDS} - _NOT_ECHOED
    found: dict[TaskId, None] = {}
    for row in rows:
        echo = {name: row.get("model_name" if name == "model" else name) for name in names}
        body = {name: value for name, value in echo.items() if value is not None}
        is_ours = _in_time(row, sent_at) and fingerprint(body) == sought
        task_id = row.get("generation_id")
        if is_ours and isinstance(task_id, str) and task_id:
            found[TaskId(task_id)] = None
    return tuple(found)


def _in_time(row: Mapping[str, Any], sent_at: datetime) -> bool:
    seconds = row.get("enqueued_at")
    if not isinstance(seconds, int | float) or not 0 < seconds < _YEAR_3000:
        return False
    enqueued_at = datetime.fromtimestamp(seconds, UTC)
    return sent_at - _BEFORE <= enqueued_at <= sent_at + _AFTER
