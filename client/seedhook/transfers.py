"""Files to the uploads bucket, and images from the media bucket, told as flows.

Neither goes through the API: it signs an address, and the bytes go straight there.
"""

import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote

from .attempts import Patience, read, refusal
from .documents import Form, Image, Job
from .errors import ApiError, Misconfigured, NotFound, Unreachable
from .landing import Landing, Progress, landing
from .steps import Call, Fetch, Flow, Outcome, Post, paused

# What the API takes as a reference is no file of this machine.
_REFERENCES: Final = ("https:", "data:", "upload:", "s3:", "job:")
_BY_SUFFIX: Final = {".jsonl": "application/jsonl", ".csv": "text/csv"}
_EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}

type Source = str | Path
"""A reference as the API knows it, or a file of this machine."""


def referenced(patience: Patience, sources: Sequence[Source]) -> Flow[list[str]]:
    """Return references for all of them; files are uploaded."""
    found: list[str] = []
    for source in sources:
        if isinstance(source, str) and source.startswith(_REFERENCES):
            found.append(source)
        else:
            found.append((yield from uploaded(patience, Path(source))))
    return found


def uploaded(patience: Patience, path: Path) -> Flow[str]:
    """Return the reference under which jobs and batches find the file."""
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise Misconfigured(f"cannot read {path}: {exc.strerror}") from exc
    content_type = content_type_of(path.name, content)
    form = yield from read(_opening(content_type, len(content)), patience, Form.read)
    outcome: Outcome = yield Post(
        url=form.url,
        fields=form.fields,
        name=path.name,
        content=content,
        content_type=content_type,
    )
    if isinstance(outcome, Unreachable):
        raise outcome
    if not outcome.is_success:
        raise refusal(outcome)
    return form.id


def downloaded(
    patience: Patience, job_id: str, index: int, place: Path, *, progress: Progress | None
) -> Flow[Path]:
    """Keep an image at its place, whole or not at all. Raises NotWhole."""
    image = yield from _signed(patience, job_id, index)
    if place.is_dir():
        place /= file_name(job_id, image)
    with landing(place, expected=image.bytes, progress=progress) as down:
        yield from _fetched(patience, image, down)
        down.check(image.sha256, name=f"image {index} of {job_id}")
    return place


def all_downloaded(
    patience: Patience, job: Job, folder: Path, *, progress: Progress | None
) -> Flow[tuple[Path, ...]]:
    """Keep all images of a job in a folder; those before one that fails stay."""
    kept: list[Path] = []
    for image in job.images:
        place = folder / file_name(job.id, image)
        down = downloaded(patience, job.id, image.index, place, progress=progress)
        kept.append((yield from down))
    return tuple(kept)


def file_name(job_id: str, image: Image) -> str:
    """Return a name in the folder, whatever the server calls the job."""
    stem = re.sub(r"[^\w-]", "_", f"{job_id}-{image.index}")
    return f"{stem}.{_EXTENSIONS.get(image.content_type, 'bin')}"


def content_type_of(name: str, content: bytes) -> str:
    """Return what a file is: an image by its first bytes, a list by its name."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    found = _BY_SUFFIX.get(Path(name).suffix.lower())
    if found is None:
        raise Misconfigured(
            f"{name} is no PNG, JPEG or WebP, and its name ends in no .jsonl or .csv"
        )
    return found


def _opening(content_type: str, size: int) -> Call:
    return Call(
        method="POST",
        path="/v1/uploads",
        headers={"content-type": "application/json"},
        content=json.dumps({"content_type": content_type, "bytes": size}).encode(),
    )


def _signed(patience: Patience, job_id: str, index: int) -> Flow[Image]:
    """Return the image with a link signed now: one that came with the job may be over."""
    call = Call(method="GET", path=f"/v1/jobs/{quote(job_id, safe='')}/images", is_repeatable=True)
    images = yield from read(call, patience, lambda raw: list(map(Image.read, raw["data"])))
    for image in images:
        if image.index == index:
            return image
    raise NotFound(
        status=HTTPStatus.NOT_FOUND, problem={"detail": f"{job_id} has no image {index}"}
    )


def _fetched(patience: Patience, image: Image, down: Landing) -> Flow[None]:
    """Read from the link until it ends well, from the start in every try."""
    made = 0
    while True:
        made += 1
        down.restart()
        outcome = yield from _one_try(Fetch(url=image.url, landing=down))
        if outcome is None:
            return
        pause = patience.pause(made, retry_after=None)
        is_final = (
            isinstance(outcome, ApiError) and outcome.status < HTTPStatus.INTERNAL_SERVER_ERROR
        )
        if is_final or pause is None:
            raise outcome
        yield from paused(pause)


def _one_try(fetch: Fetch) -> Flow[ApiError | Unreachable | None]:
    outcome: Outcome = yield fetch
    if isinstance(outcome, Unreachable):
        return outcome
    return None if outcome.is_success else refusal(outcome)
