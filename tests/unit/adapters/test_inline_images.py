"""Text that holds an image, and text that does not."""

from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.inline_images import decoded, image_in, link_of
from shared.domain.bounds import LONGEST_LINK
from tests.pictures import a_png

PNG = b64encode(a_png()).decode()
LINK = "https://cdn.example/a.png"


@given(content=st.binary(min_size=1), data=st.data())
def test_base64_is_read_in_every_dress(content: bytes, data: st.DataObject) -> None:
    encode = data.draw(st.sampled_from([b64encode, urlsafe_b64encode]))
    text = encode(content).decode()
    if data.draw(st.booleans()):
        text = text.rstrip("=")
    width = data.draw(st.integers(1, 80))
    end = data.draw(st.sampled_from(["", "\n", "\r\n", " ", "\t"]))
    text = end.join(text[at : at + width] for at in range(0, len(text), width))
    if data.draw(st.booleans()):
        text = quote(text, safe="")
    head = data.draw(st.sampled_from(["", "data:;base64,", "Data:image/PNG;charset=x;BASE64,"]))

    assert decoded(head + text) == content


@given(content=st.binary(min_size=1).filter(lambda content: not content.isalnum()))
def test_a_data_uri_may_be_percent_encoded(content: bytes) -> None:
    assert decoded(f"data:image/png,{quote(content, safe='')}") == content


@pytest.mark.parametrize(
    "text",
    [
        *("", "=", "a", "abcde", "ab=cd", "é", "a,b", "<html>", "{}", "<svg>;base64,QUJD"),
        *("data:,", "data:image/png;base64,", "data:image/png;base64", "data:image/png;base64,%%%"),
        "data:" + "x" * 300 + ";base64,QUJD",
        "https://cdn.example/a,b.png",
    ],
)
def test_other_text_holds_nothing(text: str) -> None:
    assert decoded(text) is None


@pytest.mark.parametrize(
    ("row", "image"),
    [
        ({"url": LINK}, LINK),
        ({"url": "relative/path12"}, "relative/path12"),
        ({"url": LINK, "b64_json": PNG}, a_png()),
        ({"url": LINK, "b64_json": "QUJD"}, LINK),
        ({"url": LINK, "b64_json": "%%%"}, LINK),
        ({"url": LINK, "b64_json": 4 * "AAECA/8A"}, 4 * bytes([0, 1, 2, 3, 255, 0])),
        ({"url": "data:,%%", "b64_json": PNG}, a_png()),
        ({"url": None, "b64_json": "QUJD"}, b"ABC"),
        ({"url": "data:image/png;base64,QUJD"}, b"ABC"),
        ({"url": "data:image/png;base64,"}, None),
        ({"url": PNG}, a_png()),
        ({"url": LINK + "x" * LONGEST_LINK}, None),
        ({"url": 7, "b64_json": 7}, None),
        ({}, None),
        (LINK, None),
        (None, None),
    ],
)
def test_a_row_holds_an_image_its_link_or_neither(row: object, image: object) -> None:
    assert image_in(row) == image


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (LINK, LINK),
        (f"data:image/png;base64,{PNG}", f"data:image/png;base64,{PNG}"),
        (PNG, f"data:;base64,{PNG}"),
        ("relative/path12", "relative/path12"),
        ("", ""),
    ],
)
def test_only_an_image_becomes_a_link_that_holds_it(text: str, link: str) -> None:
    assert link_of(text) == link
