"""The filters that the queue and the history share."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import QueryParams

from local.sandbox.oxen.errors import OxenError
from local.sandbox.oxen.generations import ACCOUNT, Generation, Status


def generation_filter(
    query: QueryParams, *, default: frozenset[Status]
) -> Callable[[Generation], bool]:
    statuses = _statuses(query, default)
    namespace = query.get("namespace", ACCOUNT)
    # Images only, and none of them in a repository.
    nothing = query.get("media_type", "image") != "image" or "repo" in query or "folder" in query

    def keep(generation: Generation) -> bool:
        return (
            not nothing
            and generation.status in statuses
            and generation.namespace == namespace
            and query.get("model", generation.model) == generation.model
        )

    return keep


def whole_number(query: QueryParams, name: str, *, default: int, largest: int) -> int:
    text = query.get(name, str(default))
    if text.isascii() and text.isdigit() and 1 <= int(text) <= largest:
        return int(text)
    raise OxenError(HTTPStatus.BAD_REQUEST, f"{name} must be between 1 and {largest}")


def _statuses(query: QueryParams, default: frozenset[Status]) -> frozenset[Status]:
    if "status" not in query:
        return default
    try:
        return frozenset({Status(query["status"])})
    except ValueError as exc:
        raise OxenError(HTTPStatus.BAD_REQUEST, "status is not one of a generation") from exc
