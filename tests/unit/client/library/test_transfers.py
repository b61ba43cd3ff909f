"""Files go straight to the bucket and come straight from it, whole or not at all."""

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from client.seedhook import Job, Misconfigured, NotFound, NotWhole, ServerFailed, Unreachable
from tests.pictures import a_png
from tests.unit.client.library.played import KEY, Play, a_job, an_image, answer, playing

PICTURE = a_png(64, 48)
FORM = {
    "id": "upload:01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "object": "upload",
    "url": "https://uploads.example/",
    "fields": {"key": "uploads/x", "policy": "p"},
}


def links(*contents: bytes) -> httpx.Response:
    return answer({"data": [an_image(one, index) for index, one in enumerate(contents)]})


def test_files_of_an_edit_are_uploaded_and_references_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "cat.png"
    file.write_bytes(PICTURE)
    client, api = playing(answer(FORM, 201), httpx.Response(204), answer(a_job(), 202))

    client.edit([file, "https://a.example/b.png", "job:job_0/1"], "at night")

    opened, posted, submitted = api.asked
    assert api.bodies_of(opened) == {"content_type": "image/png", "bytes": len(PICTURE)}
    assert str(posted.url) == "https://uploads.example/"
    assert PICTURE in posted.content
    assert b'name="policy"' in posted.content
    assert posted.content.index(b'name="policy"') < posted.content.index(b'name="file"')
    assert "authorization" not in posted.headers
    references = api.bodies_of(submitted)["images"]
    assert references == [FORM["id"], "https://a.example/b.png", "job:job_0/1"]


def test_one_file_needs_no_list(tmp_path: Path) -> None:
    file = tmp_path / "cat.png"
    file.write_bytes(PICTURE)
    client, api = playing(answer(FORM, 201), httpx.Response(204), answer(a_job(), 202))

    client.edit(str(file), "at night")

    assert api.bodies_of(api.asked[-1])["images"] == [FORM["id"]]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.csv", b"RIFF0000WEBP", "image/webp"),
        ("a.JSONL", b"{}", "application/jsonl"),
        ("a.csv", b"prompt", "text/csv"),
    ],
)
def test_what_a_file_is_is_read_from_it(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    (tmp_path / name).write_bytes(content)
    client, api = playing(answer(FORM, 201), httpx.Response(204))

    assert client.upload(tmp_path / name) == FORM["id"]
    assert api.bodies_of(api.asked[0])["content_type"] == kind


def test_what_cannot_be_uploaded_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    client, api = playing()

    with pytest.raises(Misconfigured, match=r"notes.txt is no PNG, JPEG or WebP"):
        client.upload(tmp_path / "notes.txt")
    with pytest.raises(Misconfigured, match=r"cannot read .*gone.png: No such file"):
        client.edit("gone.png", "at night")

    assert api.asked == []


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(httpx.Response(503, text="<Error/>"), ServerFailed), (httpx.ReadError("x"), Unreachable)],
)
def test_a_bucket_that_takes_nothing_ends_the_edit(
    tmp_path: Path, failure: Play, kind: type[Exception]
) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    client, api = playing(answer(FORM, 201), failure)

    with pytest.raises(kind):
        client.edit(tmp_path / "a.png", "at night")

    assert len(api.asked) == 2


def test_an_image_is_kept_in_a_file_with_progress(tmp_path: Path) -> None:
    client, api = playing(links(PICTURE), httpx.Response(200, content=PICTURE))
    seen: list[tuple[int, int]] = []

    path = client.download(
        "job_1", 0, tmp_path / "deep/fox.png", progress=lambda *told: seen.append(told)
    )

    assert path.read_bytes() == PICTURE
    assert seen[-1] == (len(PICTURE), len(PICTURE))
    assert api.lines == ["GET /v1/jobs/job_1/images", "GET /0.png?signature=s"]
    assert "authorization" not in api.asked[1].headers


def test_all_images_are_kept_under_their_names(tmp_path: Path) -> None:
    other = a_png(10, 10)
    client, _ = playing(
        answer(a_job("succeeded", images=[an_image(PICTURE), an_image(other, 1)])),
        *(links(PICTURE, other), httpx.Response(200, content=PICTURE)),
        *(links(PICTURE, other), httpx.Response(200, content=other)),
    )

    paths = client.download_all(client.get("job_1"), tmp_path / "out")

    assert paths == (tmp_path / "out/job_1-0.png", tmp_path / "out/job_1-1.png")
    assert paths[1].read_bytes() == other


def test_an_image_goes_into_a_folder_under_its_name(tmp_path: Path) -> None:
    client, _ = playing(links(PICTURE), httpx.Response(200, content=PICTURE))

    assert client.download("job_1", 0, tmp_path) == tmp_path / "job_1-0.png"


@pytest.mark.parametrize("content", [PICTURE[:-1], PICTURE + b"x", b"", PICTURE[::-1]])
def test_what_is_not_what_the_job_recorded_is_not_kept(tmp_path: Path, content: bytes) -> None:
    before = tmp_path / "fox.png"
    before.write_bytes(b"before")
    client, _ = playing(links(PICTURE), httpx.Response(200, content=content))

    with pytest.raises(NotWhole, match="image 0 of job_1"):
        client.download("job_1", 0, before)

    assert before.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [before]


@pytest.mark.parametrize("failure", [httpx.Response(503), httpx.ReadError("broken")])
def test_a_download_that_breaks_off_starts_anew(tmp_path: Path, failure: Play) -> None:
    client, api = playing(links(PICTURE), failure, httpx.Response(200, content=PICTURE))

    assert client.download("job_1", 0, tmp_path / "a.png").read_bytes() == PICTURE
    assert api.slept == [0.5]


class HalfWay(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield PICTURE[:20]
        raise httpx.ReadError("broken")


def test_what_came_before_it_broke_off_is_forgotten(tmp_path: Path) -> None:
    broken = httpx.Response(200, stream=HalfWay())
    client, _ = playing(links(PICTURE), broken, httpx.Response(200, content=PICTURE))
    seen: list[int] = []

    path = client.download("job_1", 0, tmp_path / "a.png", progress=lambda n, _: seen.append(n))

    assert path.read_bytes() == PICTURE
    assert (seen[0], seen[-1]) == (20, len(PICTURE))


def test_a_server_cannot_choose_where_a_file_goes(tmp_path: Path) -> None:
    image = an_image(PICTURE, content_type="x/y", key="a./../../evil")
    job = Job.read(a_job("succeeded", id="../../evil", images=[image]))
    client, _ = playing(answer({"data": [image]}), httpx.Response(200, content=PICTURE))

    (path,) = client.download_all(job, tmp_path / "out")

    assert path == tmp_path / "out/______evil-0.bin"


@pytest.mark.parametrize("failure", [httpx.Response(403), httpx.ReadError("broken")])
def test_a_download_that_fails_for_good_leaves_nothing(tmp_path: Path, failure: Play) -> None:
    client, _ = playing(links(PICTURE), *[failure] * 5)

    with pytest.raises((Unreachable, Exception)) as caught:
        client.download("job_1", 0, tmp_path / "a.png")

    assert "signature" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_image_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    client, _ = playing(links(PICTURE))

    with pytest.raises(NotFound, match="job_1 has no image 1"):
        client.download("job_1", 1, tmp_path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    client, _ = playing(links(PICTURE))

    with pytest.raises(Misconfigured, match="cannot write"):
        client.download("job_1", 0, tmp_path / "file/a.png")


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    client, _ = playing(links(PICTURE), httpx.Response(200, content=PICTURE))

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(Misconfigured, match=r"cannot write .*a.png: File too large"):
            client.download("job_1", 0, tmp_path / "a.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)

    assert list(tmp_path.iterdir()) == []
