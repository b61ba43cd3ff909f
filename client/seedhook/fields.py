"""What a job may be asked with, and by what jobs are found."""

from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

MODEL: Final = "seedream-4.5"  # unless one is named


class JobFields(TypedDict, total=False):
    """Fields of `POST /v1/jobs` beside prompt, model and references. What is None is not sent."""

    n: int | None
    resolution: str | None
    aspect_ratio: str | None
    size: str | None
    seed: int | None
    output_format: str | None
    watermark: bool | None
    sequential: str | None
    prompt_optimize: str | None
    provider: str | Sequence[str] | None
    delivery: str | None
    failover: str | None
    on_unknown: str | None
    start_by: float | str | None
    finish_by: float | str | None
    webhook_url: str | None
    webhook_events: Sequence[str] | None
    retention: Mapping[str, int] | None
    metadata: Mapping[str, str] | None
    tags: Sequence[str] | None


class JobFilter(TypedDict, total=False):
    """What `GET /v1/jobs` finds by. Moments are RFC 3339."""

    status: str | None
    model: str | None
    provider: str | None
    tag: str | None
    batch: str | None
    since: str | None
    until: str | None
