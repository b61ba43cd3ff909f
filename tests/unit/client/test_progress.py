"""Something that moves on a terminal, plain lines in a pipe; pictures where the terminal can."""

import io
from base64 import b64decode, b64encode
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from client import carrying
from client.inline_pictures import drawer_of, iterm, kitty
from client.progress import batch_view, download_view, job_view
from client.seedhook import Batch, Job
from tests.pictures import a_png
from tests.unit.client.library.played import a_job, an_image, answer, playing
from tests.unit.client.library.test_following import a_batch

PICTURE = a_png(64, 48)
LARGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40

JOB = Job.read(a_job("processing"))
BATCH = Batch.read(a_batch(in_flight=2, succeeded=1))


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100)


def pipe() -> Console:
    return Console(file=io.StringIO(), width=100)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_shows_states_that_move() -> None:
    console = terminal()
    with job_view(console) as show:
        show(JOB)
    with batch_view(console) as show_batch:
        show_batch(BATCH)
    with download_view(console) as begin:
        begin("image 0")(5, 10)

    told = text_of(console)
    assert "\x1b[" in told
    for word in ("job_1", "processing", "1 of 4 done", "image 0", "5/10 bytes"):
        assert word in told


def test_a_pipe_gets_lines_and_nothing_that_moves() -> None:
    console = pipe()
    with job_view(console) as show:
        show(JOB)
    with batch_view(console) as show_batch:
        show_batch(BATCH)
    with download_view(console) as begin:
        begin("image 0")(5, 10)

    states, counts = text_of(console).splitlines()
    assert states.endswith("s  job_1: processing")
    assert counts == "batch_1 running: 1 of 4 done (2 in flight, 1 succeeded)"


@pytest.mark.parametrize(
    ("environ", "draws"),
    [
        ({"TERM": "xterm-kitty"}, kitty),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, kitty),
        ({"TERM_PROGRAM": "ghostty"}, kitty),
        ({"TERM_PROGRAM": "iTerm.app"}, iterm),
        ({"TERM_PROGRAM": "WezTerm"}, iterm),
        ({"LC_TERMINAL": "iTerm2"}, iterm),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "xterm-kitty", "TMUX": "socket,1,0"}, None),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "iTerm.app"}, None),
        ({}, None),
    ],
)
def test_terminals_that_draw_are_known_by_their_names(
    environ: dict[str, str], draws: object
) -> None:
    assert drawer_of(environ) is draws


def test_kitty_gets_png_in_parts_that_make_the_whole() -> None:
    told = kitty(LARGE)

    assert told is not None
    parts = [one.removeprefix("\x1b_G").split(";") for one in told.strip().split("\x1b\\") if one]
    assert b64decode("".join(data for _, data in parts)) == LARGE
    assert parts[0][0] == "a=T,f=100,c=40,m=1"
    assert [how[-3:] for how, _ in parts] == ["m=1"] * (len(parts) - 1) + ["m=0"]
    assert all(len(data) <= 4096 for _, data in parts)
    assert kitty(b"\xff\xd8\xff no png") is None


def test_iterm_gets_any_picture_at_once() -> None:
    told = iterm(b"\xff\xd8\xff")

    assert told is not None
    assert told.startswith("\x1b]1337;File=inline=1;size=3;")
    assert told.endswith(f":{b64encode(bytes([255, 216, 255])).decode()}\a\n")


@pytest.mark.parametrize(("console", "is_drawn"), [(terminal(), True), (pipe(), False)])
def test_pictures_are_drawn_on_terminals_alone(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_drawn: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-kitty")
    monkeypatch.delenv("TMUX", raising=False)
    job = Job.read(a_job("succeeded", images=[an_image(PICTURE)]))
    client, _ = playing(answer({"data": [an_image(PICTURE)]}), answer_with(PICTURE))

    carrying.kept(client, job, tmp_path, console)

    assert (b64encode(PICTURE).decode()[:40] in text_of(console)) is is_drawn
    assert "job_1-0.png" in text_of(console)


def answer_with(content: bytes) -> httpx.Response:
    return httpx.Response(200, content=content)
