"""What was paid for is kept: answers and result bytes, what is stored, charged and said of each."""

import gzip
import io
import tarfile
import zipfile
from base64 import b64encode, urlsafe_b64encode
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from shared.adapters.memory.provider import MemoryProvider
from shared.domain.errors import ErrorCode, Fault, ResultUnavailable
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.domain.submission import Made
from shared.ports.media import Download
from shared.ports.providers import Acceptance, Letter, Provider
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.providers.exchange import Does, aimlapi, apixo, oxen, says
from tests.unit.usecases.living import POLICY, announced, live, now_of

PRICE = Decimal("0.0350")
KEPT, REFUSED = JobStatus.SUCCEEDED, JobStatus.FAILED


@cache
def picture(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((40, 30), 90).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def wrong_riff_length(by: int) -> bytes:
    webp = picture("WEBP")
    return webp[:4] + (int.from_bytes(webp[4:8], "little") + by).to_bytes(4, "little") + webp[8:]


def a_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", a_png())
    return file.getvalue()


def a_tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.png"))
    return file.getvalue()


HEIC = b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf" + bytes(60)
HEIF_OF_AVIF = b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + bytes(60)
HEIF = b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf" + bytes(60)
MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + bytes(60)
BINARY = bytes(range(256))

# name: bytes at the link, the type they are stored under, whether they may yet be verified
STORED: dict[str, tuple[bytes, str, bool | None]] = {
    "png": (a_png(), "image/png", None),
    "jpeg": (picture("JPEG"), "image/jpeg", None),
    "webp": (picture("WEBP"), "image/webp", None),
    "gif": (picture("GIF"), "image/gif", None),
    "avif": (picture("AVIF"), "image/avif", False),
    "bmp": (picture("BMP"), "image/bmp", False),
    "tiff": (picture("TIFF"), "image/tiff", False),
    "jpeg 2000": (picture("JPEG2000"), "image/jp2", False),
    "qoi": (picture("QOI"), "image/qoi", False),
    "ico": (picture("ICO"), "image/vnd.microsoft.icon", False),
    "heic": (HEIC, "image/heic", False),
    "heif": (HEIF, "image/heif", False),
    "avif that calls itself heif first": (HEIF_OF_AVIF, "image/avif", False),
    "jpeg xl": (b"\xff\x0a" + BINARY, "image/jxl", False),
    "jpeg xl in a box": (b"\0\0\0\x0cJXL \r\n\x87\n" + BINARY, "image/jxl", False),
    "photoshop": (b"8BPS\0\1" + BINARY, "image/vnd.adobe.photoshop", False),
    "a film": (MP4, "application/octet-stream", False),
    "bytes of no kind": (BINARY, "application/octet-stream", False),
    "jpeg without its last two bytes": (picture("JPEG")[:-2], "image/jpeg", False),
    "jpeg cut in half": (picture("JPEG")[:400], "image/jpeg", False),
    "jpeg with a marker out of place": (b"\xff\xd8\xff\xd8" + BINARY, "image/jpeg", False),
    "png with bytes missing": (a_png()[:-20], "image/png", False),
    "png without its last byte": (a_png()[:-1], "image/png", False),
    "png without pixels": (a_png()[:33] + a_png()[-12:], "image/png", False),
    "webp eight bytes short of its word": (wrong_riff_length(8), "image/webp", False),
    "gif without its end": (picture("GIF")[:-1], "image/gif", False),
}

# name: bytes at the link that are none of the images that were paid for
TURNED_AWAY = {
    "nothing": b"",
    "too little": b"\x89PNG",
    "a page": b"<!DOCTYPE html><title>Just a moment...</title>",
    "a page with a mark before it": b"\xef\xbb\xbf  <html><body>gone</body></html>",
    "a page in utf-16": "<html>gone</html>".encode("utf-16"),
    "a page in utf-16 without a mark": "<html>gone</html>".encode("utf-16-le"),
    "a page in latin-1": "<p>dépassé: l'image a expiré</p>".encode("latin-1"),
    "text": b"upstream request timeout",
    "json": b'{"error": {"message": "not found"}}',
    "an error of a file store": b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
    "svg, compressed": gzip.compress(b"<svg/>" * 9),
    "pdf": b"%PDF-1.7\n" + BINARY,
    "zip": a_zip(),
    "gzip": gzip.compress(a_png()),
    "tar": a_tar(),
    "7z": b"7z\xbc\xaf\x27\x1c" + BINARY,
    "rar": b"Rar!\x1a\x07\x01\x00" + BINARY,
    "xz": b"\xfd7zXZ\0" + BINARY,
    "bzip2": b"BZh9" + BINARY,
    "zstd": b"\x28\xb5\x2f\xfd" + BINARY,
}


def made(service: MemoryService, content: bytes) -> Job:
    """Let APIXO make these bytes, and the functions work for eight minutes."""
    service.apixo.draw = lambda _: content
    job = service.submit()
    service.apixo.finish_all()
    live(service, minutes=8)
    return now_of(service, job)


@pytest.mark.parametrize("name", STORED)
def test_what_a_status_links_to_is_kept_charged_and_told(service: MemoryService, name: str) -> None:
    content, content_type, verified = STORED[name]

    job = made(service, content)

    (image,) = job.images
    assert (job.status, job.charged_usd, job.is_cost_complete) == (KEPT, PRICE, True)
    assert (image.content_type, image.verified) == (content_type, verified)
    assert service.bucket.objects == {image.key: content}


@pytest.mark.parametrize("name", TURNED_AWAY)
def test_what_is_no_image_is_turned_away_and_its_cost_told(
    service: MemoryService, name: str
) -> None:
    job = made(service, TURNED_AWAY[name])

    assert job.error
    assert (job.status, job.error.code) == (REFUSED, ErrorCode.NOT_AN_IMAGE)
    assert (job.charged_usd, job.is_cost_complete) == (PRICE, True)
    assert service.bucket.objects == {}


def test_a_damaged_image_tells_the_size_that_its_header_tells(service: MemoryService) -> None:
    (image,) = made(service, picture("JPEG")[:-2]).images

    assert (image.width, image.height) == (40, 30)


def test_of_a_format_that_is_not_read_no_size_is_told(service: MemoryService) -> None:
    (image,) = made(service, HEIC).images

    assert (image.width, image.height) == (None, None)


def test_what_cannot_be_decoded_is_never_looked_at(service: MemoryService) -> None:
    job = made(service, picture("AVIF"))

    assert service.make_previews(job.id) == ()


def test_what_is_cut_differently_each_time_is_not_kept_as_it_is(service: MemoryService) -> None:
    whole = picture("JPEG")
    source = _Cutting([whole[:300], whole[:310], whole[:320], whole])
    service.image_source = source
    job = service.submit()
    service.apixo.finish_all()

    live(service, minutes=8)

    (image,) = now_of(service, job).images
    assert (image.bytes, image.verified, source.fetches) == (len(whole), None, 4)


def test_a_second_fetch_that_fails_confirms_nothing(service: MemoryService) -> None:
    whole = picture("JPEG")
    source = _Cutting([whole[:300], None, whole])
    service.image_source = source
    job = service.submit()
    service.apixo.finish_all()

    live(service, minutes=8)

    (image,) = now_of(service, job).images
    assert (image.bytes, image.verified, source.fetches) == (len(whole), None, 3)


class _Cutting:
    """A web that serves less than all of a file, now and then, or nothing."""

    def __init__(self, contents: list[bytes | None]) -> None:
        self.fetches = 0
        self._contents = contents

    def open(self, url: str) -> Any:
        del url
        content = self._contents[self.fetches]
        self.fetches += 1
        if content is None:
            raise ResultUnavailable(Fault(code=ErrorCode.RESULT_GONE, message="broken off"))
        return nullcontext(Download(iter([content])))


PNG = a_png()
STANDARD = b64encode(PNG).decode()
URL_SAFE = urlsafe_b64encode(b"\xff\xd8\xff\xfb\xfe" + picture("JPEG")[2:]).decode()
LONG = b64encode(a_png(300, 300) + bytes(20_000)).decode()


def lines(text: str, end: str) -> str:
    return end.join(text[at : at + 76] for at in range(0, len(text), 76))


# name: a row of an answer, and the bytes that it holds
INLINE: dict[str, tuple[dict[str, Any], bytes]] = {
    "base64": ({"b64_json": STANDARD}, PNG),
    "unpadded": ({"b64_json": STANDARD.rstrip("=")}, PNG),
    "of the url alphabet": (
        {"b64_json": URL_SAFE},
        b"\xff\xd8\xff\xfb\xfe" + picture("JPEG")[2:],
    ),
    "in lines": ({"b64_json": lines(STANDARD, "\r\n")}, PNG),
    "in lines, between blanks": ({"b64_json": f" \n{lines(STANDARD, chr(10))}\t "}, PNG),
    "percent-encoded": ({"b64_json": quote(STANDARD, safe="")}, PNG),
    "as a data uri beside no url": (
        {"url": None, "b64_json": f"data:image/png;base64,{STANDARD}"},
        PNG,
    ),
    "beside a link": ({"url": "https://cdn.example/gone.png", "b64_json": STANDARD}, PNG),
    "in the url": ({"url": f"data:image/png;base64,{STANDARD}"}, PNG),
    "in the url, long": (
        {"url": f"data:image/png;base64,{LONG}"},
        a_png(300, 300) + bytes(20_000),
    ),
    "in the url, in capitals": ({"url": f"DATA:IMAGE/PNG;BASE64,{STANDARD}"}, PNG),
    "in the url, with a charset": ({"url": f"data:image/png;charset=utf-8;base64,{STANDARD}"}, PNG),
    "in the url, of no type": ({"url": f"data:;base64,{STANDARD}"}, PNG),
    "in the url, of another type": (
        {"url": f"data:application/octet-stream;base64,{STANDARD}"},
        PNG,
    ),
    "in the url, of a type with a suffix": ({"url": f"data:image/x-a+b.c;base64,{STANDARD}"}, PNG),
    "in the url, percent-encoded": ({"url": f"data:image/png,{quote(PNG)}"}, PNG),
    "in the url, base64 percent-encoded": (
        {"url": f"data:image/png;base64,{quote(STANDARD, safe='')}"},
        PNG,
    ),
    "in the url, base64 not called so": ({"url": f"data:image/png,{STANDARD}"}, PNG),
    "in the url, without its scheme": ({"url": STANDARD}, PNG),
    "without the scheme of its uri": ({"b64_json": f"image/png;base64,{STANDARD}"}, PNG),
    "of a format that is not decoded": (
        {"b64_json": b64encode(picture("AVIF")).decode()},
        picture("AVIF"),
    ),
    "cut": ({"b64_json": b64encode(PNG[:-12]).decode()}, PNG[:-12]),
}


def answered(service: MemoryService, provider: str, adapter: Provider, **wish: Any) -> Job:
    """Let a provider's real adapter stand in the place of the one in memory."""
    service.providers = {**service.providers, provider: adapter}
    job = service.submit(provider=provider, **wish)
    service.deliver_messages()
    live(service, minutes=3)
    return now_of(service, job)


@pytest.mark.parametrize("name", INLINE)
def test_what_an_answer_brings_inline_is_kept_charged_and_told(
    service: MemoryService, name: str
) -> None:
    row, content = INLINE[name]
    answer = says({"data": [row], "meta": {"usage": {"usd_spent": 0.042}}})

    job = answered(service, "aimlapi", aimlapi(answer))

    assert (job.status, job.charged_usd) == (KEPT, Decimal("0.042"))
    assert [service.bucket.objects[image.key] for image in job.images] == [content]


@pytest.mark.parametrize("name", INLINE)
def test_oxens_answer_that_waits_may_bring_the_same(service: MemoryService, name: str) -> None:
    row, content = INLINE[name]

    job = answered(service, "oxen", oxen(says({"images": [row]})), delivery="sync")

    assert job.status is KEPT
    assert [service.bucket.objects[image.key] for image in job.images] == [content]


class _BothWays(MemoryProvider):
    """Answers at once: with the first image by link, with the others inline."""

    def submit(self, letter: Letter) -> Acceptance:
        ids = super().submit(letter).task_ids
        self.finish_all()
        first, *others = (url for task_id in ids for url in self.tasks[task_id].result_urls)
        contents = tuple(self.files[url] for url in others)
        return Acceptance(task_ids=ids, made=Made(urls=(first,)), contents=contents)


@pytest.mark.parametrize("n", [2, 3])
def test_links_beside_inline_images_are_fetched_too(service: MemoryService, n: int) -> None:
    files = service.apixo.files
    both = _BothWays("apixo", draw=lambda url: a_png() + url.encode(), files=files)

    job = answered(service, "apixo", both, n=n)

    assert (job.status, job.charged_usd, job.is_cost_complete) == (KEPT, n * PRICE, True)
    assert sorted(service.bucket.objects.values()) == sorted(files.values())
    assert [fault for one in job.submissions for fault in one.faults] == []


def test_an_inline_image_under_a_task_of_another_job_is_this_jobs_all_the_same(
    service: MemoryService,
) -> None:
    answer = says({"data": [{"b64_json": STANDARD}]}, x_inference_id="the-same")

    jobs = [answered(service, "aimlapi", aimlapi(answer)) for _ in range(2)]

    assert [(job.status, len(job.images)) for job in jobs] == [(KEPT, 1), (KEPT, 1)]


TASK = "task-1"


def oxens_queue(**row: Any) -> Does:
    """An Oxen that takes one request, and has made it as the row says when it is asked."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return says({"generations": [{"generation_id": TASK}]})(request)
        if request.url.path.endswith("/queue"):
            return says({"generations": []})(request)
        if "/generations/" in request.url.path:
            return says({"generation_id": TASK, "cost": "0.04"})(request)
        return says({"generation_id": TASK, "status": "succeeded", **row})(request)

    return answer


STATUS_ROWS = {
    name: ({"result_url": row["url"]}, content)
    for name, (row, content) in INLINE.items()
    if row.get("url") and "b64_json" not in row
} | {"in a field of its own": ({"b64_json": STANDARD}, PNG)}


@pytest.mark.parametrize("name", STATUS_ROWS)
def test_an_image_in_oxens_status_is_kept(service: MemoryService, name: str) -> None:
    row, content = STATUS_ROWS[name]

    job = answered(service, "oxen", oxen(oxens_queue(**row)))

    assert (job.status, job.charged_usd) == (KEPT, Decimal("0.04"))
    assert [service.bucket.objects[image.key] for image in job.images] == [content]


@pytest.mark.parametrize("name", STATUS_ROWS)
def test_an_image_in_apixos_status_is_kept(service: MemoryService, name: str) -> None:
    row, content = STATUS_ROWS[name]
    results = {"resultUrls": [row.get("result_url", STANDARD)]}

    def answer(request: httpx.Request) -> httpx.Response:
        told = {"state": "success", "resultJson": results}
        data = {"taskId": TASK} if request.method == "POST" else told
        return says({"code": 200, "data": data})(request)

    job = answered(service, "apixo", apixo(answer))

    assert (job.status, job.charged_usd) == (KEPT, PRICE)
    assert [service.bucket.objects[image.key] for image in job.images] == [content]


def test_inline_content_that_nobody_can_read_is_no_image(service: MemoryService) -> None:
    job = answered(service, "oxen", oxen(oxens_queue(result_url="data:image/png;base64,%%%")))

    assert job.error
    assert (job.status, job.error.code) == (REFUSED, ErrorCode.NOT_AN_IMAGE)


def gone(service: MemoryService, *, n: int = 1, left: int = 0) -> tuple[Job, dict[str, bytes]]:
    """Let APIXO make images, and look for them; of all but the first `left` the link is dead."""
    job = service.submit(n=n)
    service.apixo.finish_all()
    files = service.apixo.files
    away = {url: files.pop(url) for url in list(files)[left:]}
    service.collect(job.id)
    return job, away


def test_a_result_that_is_gone_ends_its_job_within_six_minutes(service: MemoryService) -> None:
    job, _ = gone(service, n=3, left=2)

    live(service, minutes=6)

    job = now_of(service, job)
    assert job.error
    assert (job.status, job.error.code) == (JobStatus.PARTIAL, ErrorCode.RESULT_GONE)
    assert (len(job.images), job.charged_usd, job.is_cost_complete) == (2, 3 * PRICE, True)


def test_a_slow_job_whose_result_is_gone_ends_as_soon(service: MemoryService) -> None:
    job = service.submit()
    live(service, minutes=25)
    service.apixo.finish_all()
    service.apixo.files.clear()
    service.collect(job.id)

    live(service, minutes=6)

    job = now_of(service, job)
    assert job.error
    assert (job.status, job.error.code) == (REFUSED, ErrorCode.RESULT_GONE)


@pytest.mark.parametrize("hours", [0.5, 3, 17])
def test_an_image_that_comes_after_its_job_has_ended_is_kept_as_late(
    service: MemoryService, hours: float
) -> None:
    job, away = gone(service)
    live(service, minutes=6)
    ended = now_of(service, job)

    live(service, hours=hours, step=300)
    service.apixo.files |= away
    live(service, hours=6, step=300)

    job = now_of(service, job)
    assert (job.status, job.late, job.error) == (REFUSED, True, ended.error)
    assert list(service.bucket.objects.values()) == list(away.values())
    assert announced(service).count("job.late_result") == 1
    assert (job.charged_usd, job.due_at) == (PRICE, None)


def test_a_result_that_never_comes_is_looked_for_ever_more_rarely_and_for_a_day(
    service: MemoryService,
) -> None:
    job, _ = gone(service)
    looks = [service.clock.now()]
    while (due_at := now_of(service, job).due_at) is not None:
        service.time.sleep(max(0.0, (due_at - service.clock.now()).total_seconds()))
        service.collect(job.id)
        looks.append(service.clock.now())

    assert len(looks) < 50
    assert timedelta(hours=23) < looks[-1] - looks[0] < timedelta(hours=25)
    assert [one for one in announced(service) if one == "job.late_result"] == []
    assert now_of(service, job).charged_usd == PRICE


def test_of_a_partial_job_the_known_part_of_its_cost_is_told(service: MemoryService) -> None:
    job = answered(service, "oxen", oxen(_three_of_four), n=4)

    assert (job.status, len(job.images)) == (JobStatus.PARTIAL, 3)
    assert (job.charged_usd, job.is_cost_complete) == (Decimal("0.12"), False)


def _three_of_four(request: httpx.Request) -> httpx.Response:
    """An Oxen that fails one of four, and tells the costs of the others alone."""
    name = request.url.path.rpartition("/")[2]
    if request.method == "POST":
        return says({"generations": [{"generation_id": f"t{n}"} for n in range(4)]})(request)
    if name == "queue":
        return says({"generations": []})(request)
    if "/generations/" in request.url.path:
        return says({"cost": None if name == "t2" else "0.04"})(request)
    if name == "t2":
        return says({"status": "failed", "error_message": "NSFW"})(request)
    return says({"status": "succeeded", "result_url": f"data:;base64,{STANDARD}"})(request)


def test_what_a_failed_part_has_cost_counts_where_it_is_told(service: MemoryService) -> None:
    def told(request: httpx.Request) -> httpx.Response:
        is_history = "/generations/" in request.url.path
        return says({"cost": "0.01"})(request) if is_history else _three_of_four(request)

    job = answered(service, "oxen", oxen(told), n=4)

    assert (job.charged_usd, job.is_cost_complete) == (Decimal("0.04"), True)


def test_the_part_that_nobody_tells_counts_with_its_estimate(service: MemoryService) -> None:
    service.catalog = service.catalog.priced({"oxen/seedream-4.5": Decimal("0.05")})
    answered(service, "oxen", oxen(_three_of_four), n=4)

    (counts,) = (counts for _, counts in _usage(service))

    assert (counts["spent"], counts["estimated"], counts["unknown"]) == (170_000, 50_000, 1)


def _usage(service: MemoryService) -> list[Any]:
    today = service.clock.now().date()
    return list(service.usage_book.lines("default", since=today, until=today))


def test_a_failure_at_apixo_has_cost_nothing(service: MemoryService) -> None:
    job = service.submit()
    service.apixo.fail(TaskId("apixo-0"), POLICY)

    job = service.collect(job.id)

    assert (job.charged_usd, job.is_cost_complete) == (Decimal(0), True)
