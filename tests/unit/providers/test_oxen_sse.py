"""What an event stream says, by the rules of the HTML standard (9.2.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.providers.oxen_sse import EventParser, ServerEvent


def events(*pieces: bytes) -> list[tuple[bytes, bytes]]:
    parser = EventParser()
    return [(told.name, told.data) for piece in pieces for told in parser.feed(piece)]


def cut(text: bytes, places: list[int]) -> list[bytes]:
    """Cut a text wherever it is told to, into pieces that may be empty."""
    ends = sorted(place % (len(text) + 1) for place in places)
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"data: x\n\n", [(b"message", b"x")]),
        (b"event: done\ndata: x\n\n", [(b"done", b"x")]),
        (b"data: x\nevent: done\n\n", [(b"done", b"x")]),
        (b"event:done\ndata:x\n\n", [(b"done", b"x")]),
        (b"event: a\nevent: b\ndata: x\n\n", [(b"b", b"x")]),
        (b"data:  x \n\n", [(b"message", b" x ")]),
        (b"data: a:b: c\n\n", [(b"message", b"a:b: c")]),
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [(b"message", b"YHOO\n+2\n10")]),
        (b"data\n\ndata\ndata\n\ndata:", [(b"message", b""), (b"message", b"\n")]),
        (b"event: done\ndata: 1\n\ndata: 2\n\n", [(b"done", b"1"), (b"message", b"2")]),
        (b"\n\n\ndata: x\n\n\n\n", [(b"message", b"x")]),
    ],
    ids=repr,
)
def test_an_event_is_its_fields_up_to_an_empty_line(
    text: bytes, told: list[tuple[bytes, bytes]]
) -> None:
    assert events(text) == told


@pytest.mark.parametrize(
    "text",
    [
        b": keep-alive\n\n",
        b":\n\n",
        b": data: x\n\n",
        b"event: done\n\n",
        b"id: 7\nretry: 1\nshape: round\n\n",
        b"no colon in this line\n\n",
        b" data: x\n\n",
        b"Data: x\n\n",
        b"data: never finished\n",
        b"data: never finished",
        b"event: done\ndata: never finished\nda",
        b"",
    ],
    ids=repr,
)
def test_what_has_no_data_or_no_end_is_no_event(text: bytes) -> None:
    assert events(text) == []


def test_a_name_without_data_is_forgotten_with_its_block() -> None:
    assert events(b"event: done\n\ndata: x\n\n") == [(b"message", b"x")]


def test_a_comment_amid_an_event_does_not_end_it() -> None:
    assert events(b"event: done\n: still here\ndata: x\n\n") == [(b"done", b"x")]


def test_a_byte_order_mark_is_dropped_at_the_start_and_nowhere_else() -> None:
    bom = b"\xef\xbb\xbf"

    assert events(bom + b"data: x\n\n") == [(b"message", b"x")]
    assert events(*(bytes([byte]) for byte in bom + b"data: x\n\n")) == [(b"message", b"x")]
    assert events(b"\n" + bom + b"data: x\n\n") == []
    assert events(bom + bom + b"data: x\n\n") == []
    assert events(b"data: " + bom + b"x\n\n") == [(b"message", bom + b"x")]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=repr)
@given(places=st.lists(st.integers(0, 200), max_size=8))
def test_lines_end_in_any_of_three_ways_wherever_the_bytes_are_cut(
    end: bytes, places: list[int]
) -> None:
    lines = [b"event: done", b"data: 1", b"", b": alive", b"", b"data: 2", b"data: 3", b"", b""]
    text = end.join(lines)

    assert events(*cut(text, places)) == [(b"done", b"1"), (b"message", b"2\n3")]


@given(text=st.text(alphabet="data:event \r\n\ufeffx"), places=st.lists(st.integers(0, 99)))
def test_where_the_bytes_are_cut_changes_nothing(text: str, places: list[int]) -> None:
    whole = text.encode()

    assert events(*cut(whole, places)) == events(whole)


def test_an_event_is_there_as_soon_as_its_last_line_has_ended() -> None:
    parser = EventParser()

    assert list(parser.feed(b"data: x\r")) == []
    assert list(parser.feed(b"\r")) == [ServerEvent(b"message", b"x")]
    assert list(parser.feed(b"\ndata: y\r\n\r")) == [ServerEvent(b"message", b"y")]


def test_ends_of_lines_that_only_unicode_has_stay_in_the_data() -> None:
    data = "a\u2028b\u2029c\u0085d\v\f\x1ce".encode()

    assert events(b"data: " + data + b"\n\n") == [(b"message", data)]
