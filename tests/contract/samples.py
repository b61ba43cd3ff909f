"""Jobs and pictures for the contract tests; builders show only what matters."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from PIL import Image

from shared.domain.errors import ErrorCode, Fault
from shared.domain.failover import Leg
from shared.domain.hold import Hold
from shared.domain.ids import JobId, KeyId, TaskId, ulid
from shared.domain.image import StoredImage, image_key
from shared.domain.job import Job
from shared.domain.job_facts import TimelineEntry
from shared.domain.limits import Limits
from shared.domain.money import micros
from shared.domain.submission import Made, SubmissionState
from shared.domain.wanted import JobInput
from tests.pictures import a_png

NOW: Final = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
_PNG_HEAD: Final = 8 + 25  # signature and IHDR


def a_job(number: int = 0, **fields: Any) -> Job:
    """Job `number` was created that many minutes after NOW and is due a minute later."""
    at = NOW + number * MINUTE
    job = Job(
        id=JobId(f"job_{ulid(at, number.to_bytes(10))}"),
        tenant="acme",
        key_id=KeyId("0123456789abcdef"),
        model="seedream-4.5",
        provider="apixo",
        delivery="callback",
        input=JobInput(prompt="a fox in watercolor"),
        created_at=at,
        opened_at=at,
        updated_at=at,
        due_at=at + MINUTE,
    )
    return replace(job, **fields)


KEY: Final = KeyId("0123456789abcdef")
PRICE: Final = Decimal("0.035")


def a_held_job(number: int = 0, *, limits: Limits, **fields: Any) -> Job:
    """A job of a key with limits, at 3.5 cents."""
    job = a_job(number, estimated_usd=PRICE, **fields)
    return replace(job, hold=Hold.under(limits, estimate=micros(PRICE), at=job.created_at))


def claimed(job: Job, *, per_submission: int = 15) -> Job:
    """Take the step that is written down before sending; it announces nothing."""
    at = job.updated_at + timedelta(seconds=1)
    plan = job.plan(at, per_submission=per_submission)
    waiting = (s for s in plan.current if s.state is SubmissionState.PLANNED)
    return plan.claim(at, sending=[s.sending(at, fingerprint="as sent") for s in waiting])


def submitted(job: Job, *task_ids: str) -> Job:
    """Take the step that announces job.submitted: one task id for each submission."""
    at = job.updated_at + timedelta(seconds=1)
    answers = [
        submission.accepted((TaskId(task_id),))
        for submission, task_id in zip(job.current, task_ids or ("task-1",), strict=True)
    ]
    return job.answered(answers, at=at, check_at=at + MINUTE, retry_at=at + MINUTE)


def finished(job: Job) -> Job:
    """Take the steps to the end, with an image for each that was asked for."""
    at = job.updated_at + timedelta(seconds=1)
    images = [
        StoredImage(
            index=index,
            attempt=1,
            position=index,
            key=image_key(job.id, attempt=1, position=index, extension="png"),
            content_type="image/png",
            bytes=123_456_789,
            width=4096,
            height=2304,
            sha256=f"{index:064x}",
            verified=index % 2 == 0,
            placeholder=f"data:image/webp;base64,{370 * 'A'}" if index % 2 == 0 else None,
        )
        for index in range(job.input.n)
    ]
    charged = Decimal("0.0350")
    settled = [s.settled(faults=(), charged=charged, at=at) for s in job.current]
    storing = job.storing(at)
    return storing.settled(settled, images, at=at, check_at=at + MINUTE)


def a_full_job(number: int = 0) -> Job:
    """A finished job with something in every field."""
    job = a_job(
        number,
        sandbox=True,
        route=(
            Leg(provider="apixo", delivery="callback", sandbox=True, estimated_usd=Decimal("0.07")),
            Leg(provider="oxen", delivery="poll"),
        ),
        decision="apixo by callback: the cheapest",
        force_failover=True,
        input=JobInput(
            prompt='"ein Fuchs" \\ 🦊\n\t\0 \u2028 e\u0301 \U0010ffff',
            images=("https://example.com/a.png?x=1&y=%20", "upload:" + 64 * "a"),
            n=2,
            resolution="2K",
            aspect_ratio="16:9",
            size="2048x2048",
            seed=-(2**63),
            output_format="png",
            watermark=False,
            sequential="auto",
            prompt_optimize="standard",
        ),
        estimated_usd=Decimal("0.0700"),
        metadata={"order": "7", "": "\0🦊"},
        tags=("one", "zwei", "三"),
        webhook_url="https://shop.example/hook",
        webhook_events=("job.succeeded", "job.failed"),
        timeline=(TimelineEntry(at=NOW, status=a_job().status, note="the only provider"),),
    )
    done = finished(submitted(claimed(job, per_submission=1), "task-1", "task-2"))
    fault = Fault(code=ErrorCode.CONTENT_POLICY, message='not this: "…"')
    return replace(
        done,
        error=fault,
        late=True,
        on_unknown="retry",
        start_within=timedelta(milliseconds=1500),
        finish_within=timedelta(days=7),
        submissions=tuple(
            replace(
                s,
                store_tries=3,
                given_up=True,
                faults=(fault,),
                made=Made(urls=("https://a.example/1",), charged_usd=Decimal("0.042")),
            )
            for s in done.submissions
        ),
    )


def a_picture(kind: str, *, width: int = 16, height: int = 9) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, kind)
    return file.getvalue()


def a_large_png(size: int = 9 * 1024 * 1024, *, filling: bytes = b"seedhook") -> bytes:
    """A small picture with a private chunk that every reader skips: in S3 it goes in parts.

    So it does where IN_ONE_CALL of worlds.py holds, which is less than functions have.
    """
    return b"".join(large_png_pieces(size, filling=filling))


def large_png_pieces(size: int, *, filling: bytes = b"seedhook") -> Iterator[bytes]:
    """The same in pieces, made one at a time."""
    small = a_png()
    yield small[:_PNG_HEAD]
    piece = filling * (2**16 // len(filling))
    for _ in range(size // len(piece)):
        body = b"prVt" + piece
        yield len(piece).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)
    yield small[_PNG_HEAD:]


def pieces(content: bytes, *, size: int = 2**16) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]
