"""What Oxen's answers are taken for: ids, images, refusals, states and costs."""

from collections.abc import Mapping
from decimal import Decimal
from re import ASCII
from re import compile as regex
from typing import Annotated, Any, Final

from pydantic import Field

from shared.adapters.http import HttpAnswer
from shared.adapters.inline_images import image_in, inline, link_of
from shared.adapters.providers.answers import Answer, is_success, read, refusal
from shared.adapters.providers.words import fault_of, in_words
from shared.domain.bounds import LONGEST_TASK_ID, MOST_RESULTS
from shared.domain.errors import SubmissionError
from shared.domain.ids import TaskId
from shared.domain.reports import TaskReport, TaskState
from shared.domain.submission import Made
from shared.ports.providers import Acceptance

_NAME: Final = "oxen"
# Errors that may also come under a 200, by the statuses that they belong to.
_TYPES: Final = {"invalid_params": 400, "unauthenticated": 401, "resource_not_found": 404}
_INVALID: Final = 400
_RESULTS: Final = ("generations", "images")  # of a request that is queued, or answered at once
_COST: Final = regex(r"[0-9]{1,3}(?:\.[0-9]{1,12})?", ASCII)  # dollars for an image, or nonsense

_STATES: Final = {
    "queued": TaskState.PENDING,
    "processing": TaskState.PENDING,
    "succeeded": TaskState.SUCCEEDED,
    "failed": TaskState.FAILED,
    "cancelled": TaskState.FAILED,
}


class _Named(Answer):
    generation_id: Annotated[str, Field(min_length=1, max_length=LONGEST_TASK_ID)]


class _Listed(Answer):
    generations: tuple[_Named, ...]


class _Generation(Answer):
    status: str
    result_url: str | None = None
    b64_json: str | None = None
    error_message: object = None
    prompt: object = None


def task_id_of(row: object) -> TaskId | None:
    named = read(_Named, row)
    return TaskId(named.generation_id) if named else None


def listed(body: Mapping[str, Any]) -> set[TaskId] | None:
    """Return the ids of a list; None for what is not a list from end to end."""
    rows = read(_Listed, body)
    return {TaskId(row.generation_id) for row in rows.generations} if rows else None


def queued(body: Mapping[str, Any]) -> Acceptance | None:
    """Take every id, as each is an image that may be charged; ten are more than were asked."""
    rows = body.get("generations")
    found = map(task_id_of, rows if isinstance(rows, list) else [])
    task_ids = tuple(task_id for task_id in found if task_id)[:MOST_RESULTS]
    return Acceptance(task_ids=task_ids) if task_ids else None


def made(body: Mapping[str, Any], *, asked: int) -> Acceptance | None:
    """Take the images that were asked for; a list without one is a success that made nothing.

    More would lie in the places of another request's images: each has but its own.
    """
    rows = body.get("images")
    if not isinstance(rows, list) or (not rows and body.get("error")):
        return None
    images = list(filter(None, map(image_in, rows)))[:asked]
    urls = tuple(image for image in images if isinstance(image, str))
    contents = tuple(image for image in images if isinstance(image, bytes))
    if rows and not urls and not contents:
        return None  # paid, and in words we do not know
    return Acceptance(made=Made(urls=urls), contents=contents)


def refusal_of(
    answer: HttpAnswer, body: Mapping[str, Any], *, hide: list[str]
) -> SubmissionError | None:
    if any(body.get(name) for name in _RESULTS):
        return None
    status = (_refused_as(body) if is_success(answer) else None) or answer.status
    words = in_words(_NAME, [_why(body)], hide=hide, otherwise=f"refused with {status}")
    return refusal(status, words, answer)


def report_of(task_id: TaskId, body: Mapping[str, Any], *, key: str) -> TaskReport | None:
    """Read a generation, in a wrapper or without; None if it tells no state."""
    generation = read(_Generation, body.get("generation", body))
    state = _STATES.get(generation.status) if generation else None
    if not generation or not state:
        return None
    if state is TaskState.SUCCEEDED:
        where = generation.result_url or (generation.b64_json and inline(generation.b64_json))
        urls = (link_of(where),) if where else ()
        return TaskReport(task_id=task_id, state=state, result_urls=urls, charged_usd=cost_of(body))
    if state is TaskState.PENDING:
        return TaskReport(task_id=task_id, state=state)
    words = in_words(
        _NAME,
        [generation.error_message],
        hide=[key, str(generation.prompt or "")],
        otherwise=f"the generation was {generation.status}",
    )
    fault = fault_of(words)
    return TaskReport(task_id=task_id, state=state, fault=fault, charged_usd=cost_of(body))


def cost_of(body: Mapping[str, Any]) -> Decimal | None:
    """Read what a generation has cost, in a wrapper or without; None for what is no such sum."""
    row = body.get("generation", body)
    cost = row.get("cost") if isinstance(row, dict) else None
    return Decimal(str(cost)) if _COST.fullmatch(str(cost)) else None


def _refused_as(body: Mapping[str, Any]) -> int | None:
    """Return the status that a refusal under a 200 should have had; None if it is none.

    Seen in the field: a 200 with no generations and an error beside them.
    """
    error = body.get("error")
    kind = error.get("type") if isinstance(error, dict) else None
    if isinstance(kind, str) and kind in _TYPES:
        return _TYPES[kind]
    return _INVALID if error and any(body.get(name) == [] for name in _RESULTS) else None


def _why(body: Mapping[str, Any]) -> object:
    """Both documented error bodies, and the one without either."""
    error = body.get("error")
    if isinstance(error, dict):
        return next(filter(None, map(error.get, ("detail", "message", "title", "type"))), None)
    return error or body.get("error_message") or body.get("status_message")
