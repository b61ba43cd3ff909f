"""Jobs as people read them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rich import box
from rich.table import Table

from client.asking import plain

if TYPE_CHECKING:  # for the types alone
    from client.seedhook import Image, Job

_HEADINGS: Final = ("ID", "STATUS", "MODEL", "PROVIDER", "IMAGES", "COST", "AGE", "TAGS")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def overview(jobs: Iterable["Job"], now: datetime | None = None) -> Table:
    table = Table(*_HEADINGS, box=box.SIMPLE_HEAD)
    for job in jobs:
        cells = (
            job.id,
            f"{job.status}{', late' if job.late else ''}",
            job.model,
            f"{job.provider}{' (sandbox)' if job.sandbox else ''}",
            f"{job.delivered_images}/{job.requested_images}",
            cost(job),
            age((now or datetime.now(UTC)) - job.created_at),
            ",".join(job.tags),
        )
        table.add_row(*map(plain, cells))
    return table


def details(job: "Job") -> Iterator[str]:
    """Tell all of a job, line by line."""
    return map(plain, _details(job))


def _details(job: "Job") -> Iterator[str]:
    sandbox = ", a sandbox: placeholders that cost nothing" if job.sandbox else ""
    yield f"{job.id}  {job.status}{', late' if job.late else ''}"
    yield f"  {job.model} at {job.provider} by {job.delivery}{sandbox}"
    yield f"  {job.delivered_images} of {job.requested_images} images, {cost(job)}"
    if job.error:
        yield f"  {job.error.code}: {job.error.message} (at fault: {job.error.who})"
    for attempt in job.attempts:
        decided = f": {attempt.decision}" if attempt.decision else ""
        yield f"  attempt {attempt.number} at {attempt.provider}, {attempt.state}{decided}"
    for moment in job.timeline:
        note = f"  {moment.note}" if moment.note else ""
        yield f"  {moment.at:%Y-%m-%d %H:%M:%S}  {moment.status}{note}"
    for image in job.images:
        yield f"  {described(image)}"


def described(image: "Image") -> str:
    size = f"{image.width}x{image.height}" if image.width else "of unknown size"
    return f"image {image.index}: {size} {image.content_type}, {image.bytes} bytes"


def cost(job: "Job") -> str:
    if job.cost.charged_usd is not None:
        known = _dollars(job.cost.charged_usd)
        return known if job.cost.complete else f"at least {known}"
    if job.cost.estimated_usd is not None:
        return f"about {_dollars(job.cost.estimated_usd)}"
    return "cost unknown"


def age(passed: timedelta) -> str:
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if passed >= unit:
            return f"{passed // unit} {name}"
    return f"{max(0, int(passed.total_seconds()))} s"


def _dollars(amount: Decimal) -> str:
    return f"${amount:f}"
