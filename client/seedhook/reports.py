"""What the API tells of models, providers, usage and batches, told as flows."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from .attempts import Patience, answered, date_of, document, read, stranger
from .errors import StillRunning
from .report_documents import Batch, Health, Model, Provider, UsageRow
from .steps import Call, Flow, Give, now, paused
from .transfers import Source, referenced

_BATCH_PAUSE: Final = 2.0  # seconds between two looks at a batch


def health(patience: Patience) -> Flow[Health]:
    answer = yield from answered(_get("/v1/health"), patience)
    content = answer.json()
    if not isinstance(content, dict) or not isinstance(content.get("status"), str):
        raise stranger(answer)
    return Health(status=content["status"], at=date_of(answer.headers))


def models(patience: Patience) -> Flow[tuple[Model, ...]]:
    return (yield from read(_get("/v1/models"), patience, _all(Model.read)))


def model(patience: Patience, name: str) -> Flow[Model]:
    call = _get(f"/v1/models/{quote(name, safe='')}")
    return (yield from read(call, patience, Model.read))


def providers(patience: Patience) -> Flow[tuple[Provider, ...]]:
    return (yield from read(_get("/v1/providers"), patience, _all(Provider.read)))


def usage(
    patience: Patience, *, since: str | None, until: str | None, group_by: str
) -> Flow[tuple[UsageRow, ...]]:
    asked = {"from": since, "to": until, "group_by": group_by}
    query = {name: value for name, value in asked.items() if value is not None}
    form = _all(lambda raw: UsageRow.read(raw, group_by=group_by))
    return (yield from read(_get("/v1/usage", query), patience, form))


def batches(patience: Patience) -> Flow[tuple[Batch, ...]]:
    return (yield from read(_get("/v1/batches"), patience, _all(Batch.read)))


def batch(patience: Patience, batch_id: str) -> Flow[Batch]:
    call = _get(f"/v1/batches/{quote(batch_id, safe='')}")
    return (yield from read(call, patience, Batch.read))


def batch_started(
    patience: Patience, file: Source, *, max_usd: str | None, max_in_flight: int | None
) -> Flow[Batch]:
    (upload,) = yield from referenced(patience, [file])
    asked = {"upload": upload, "max_usd": max_usd, "max_in_flight": max_in_flight}
    body = {name: value for name, value in asked.items() if value is not None}
    return (yield from read(posting("/v1/batches", body), patience, Batch.read))


def batch_watched(patience: Patience, batch_id: str, *, timeout: float | None) -> Flow[None]:
    """Give the batch as it is, and again each time its counts have changed. Raises StillRunning."""
    began = yield from now()
    seen = yield from batch(patience, batch_id)
    yield Give(item=seen)
    while not seen.is_over:
        if timeout is not None and (yield from now()) - began >= timeout:
            raise StillRunning(f"{seen.id} is still {seen.status}", job=seen)
        yield from paused(_BATCH_PAUSE)
        before, seen = seen, (yield from batch(patience, batch_id))
        if seen != before:
            yield Give(item=seen)


def anything(
    patience: Patience,
    method: str,
    path: str,
    *,
    body: object,
    query: Mapping[str, str] | None,
) -> Flow[dict[str, Any]]:
    """Ask what this client has no verb for. Only what reads is tried again."""
    content = None if body is None else json.dumps(body).encode()
    call = Call(
        method=method,
        path=path,
        query=query or {},
        headers={} if body is None else {"content-type": "application/json"},
        content=content,
        is_repeatable=method == "GET",
    )
    return (yield from document(call, patience))


def text(patience: Patience, path: str) -> Flow[str]:
    answer = yield from answered(_get(path), patience)
    return answer.content.decode("utf-8", "replace")


def posting(path: str, body: object) -> Call:
    return Call(
        method="POST",
        path=path,
        headers={"content-type": "application/json"},
        content=json.dumps(body).encode(),
    )


def _get(path: str, query: Mapping[str, str] | None = None) -> Call:
    return Call(method="GET", path=path, query=query or {}, is_repeatable=True)


def _all[T](form: Callable[[Mapping[str, Any]], T]) -> Callable[[Mapping[str, Any]], tuple[T, ...]]:
    return lambda content: tuple(form(raw) for raw in content["data"])
