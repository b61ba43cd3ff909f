"""One way to say how large an image shall be, and what each provider makes of it.

The sandbox's strict models of the providers are the judges: what they would draw is measured.
"""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from local.sandbox.aimlapi.request import Generation
from local.sandbox.apixo.request import Input
from local.sandbox.oxen.models import REQUESTS
from shared.catalog.load import load_catalog
from shared.domain.offers import Offer
from shared.domain.wanted import JobInput

CATALOG = load_catalog()
APIXO = CATALOG.offer("seedream-4.5", "apixo")
AIMLAPI = CATALOG.offer("seedream-4.5", "aimlapi")
OXEN = CATALOG.offer("seedream-4.5", "oxen")
LITE = CATALOG.offer("seedream-5-lite", "oxen")
SEEDREAM_4 = CATALOG.offer("seedream-4", "oxen")

# The table on APIXO's page.
PRESETS = [
    ("2K", "1:1", "2048x2048"),
    ("2K", "2:3", "1664x2496"),
    ("2K", "3:2", "2496x1664"),
    ("2K", "3:4", "1728x2304"),
    ("2K", "4:3", "2304x1728"),
    ("2K", "9:16", "1600x2848"),
    ("2K", "16:9", "2848x1600"),
    ("2K", "21:9", "3136x1344"),
    ("4K", "1:1", "4096x4096"),
    ("4K", "2:3", "3328x4992"),
    ("4K", "3:2", "4992x3328"),
    ("4K", "3:4", "3520x4704"),
    ("4K", "4:3", "4704x3520"),
    ("4K", "9:16", "3040x5504"),
    ("4K", "16:9", "5504x3040"),
    ("4K", "21:9", "6240x2656"),
]
AT_2K = {size for resolution, _, size in PRESETS if resolution == "2K"}
AT_4K = {size for resolution, _, size in PRESETS if resolution == "4K"}
REACH = [
    pytest.param(APIXO, AT_2K | AT_4K, id="seedream-4.5 at apixo"),
    pytest.param(AIMLAPI, (AT_2K - {"3136x1344"}) | {"4096x4096"}, id="seedream-4.5 at aimlapi"),
    pytest.param(OXEN, (AT_2K | AT_4K) - {"3136x1344", "6240x2656"}, id="seedream-4.5 at oxen"),
    pytest.param(LITE, AT_2K, id="seedream-5-lite at oxen"),
    pytest.param(SEEDREAM_4, set(), id="seedream-4 at oxen"),
]
WITH_REACH = pytest.mark.parametrize(("offer", "reach"), REACH)


def wish(**wanted: Any) -> JobInput:
    return JobInput(prompt="a fox", **wanted)


def complained_of(offer: Offer, wanted: JobInput) -> set[str]:
    return {error.pointer for error in offer.complaints(wanted)}


def drawn(offer: Offer, wanted: JobInput) -> str:
    """Return the size that the provider would draw. Raises ValidationError if it would refuse."""
    body = {"prompt": wanted.prompt, **offer.wire_fields(wanted)}
    if offer.provider == "apixo":
        fields = {"mode": "text-to-image", "max_images": 1, **body}
        return str(Input.model_validate(fields).dimensions)
    if offer.provider == "aimlapi":
        return str(Generation.model_validate({"model": offer.provider_model, **body}).size)
    return str(REQUESTS[offer.provider_model].model_validate(body).size_for(()))


@pytest.mark.parametrize(("resolution", "ratio", "size"), PRESETS)
@WITH_REACH
def test_resolution_and_aspect_ratio_make_the_size_of_their_preset_or_are_refused(
    offer: Offer, reach: set[str], resolution: str, ratio: str, size: str
) -> None:
    wanted = wish(resolution=resolution, aspect_ratio=ratio)

    if size in reach:
        assert (complained_of(offer, wanted), drawn(offer, wanted)) == (set(), size)
    else:
        assert complained_of(offer, wanted) & {"/resolution", "/aspect_ratio"}


@pytest.mark.parametrize("by", ["x", "X", "*"])
@pytest.mark.parametrize("size", [size for _, _, size in PRESETS])
@WITH_REACH
def test_a_preset_is_drawn_as_exactly_in_each_spelling_of_its_size(
    offer: Offer, reach: set[str], size: str, by: str
) -> None:
    wanted = wish(size=size.replace("x", by))

    if size in reach:
        assert (complained_of(offer, wanted), drawn(offer, wanted)) == (set(), size)
    else:
        assert complained_of(offer, wanted) == {"/size"}


@pytest.mark.parametrize(
    ("offer", "wanted", "wire"),
    [
        (APIXO, wish(), {"resolution": "2K"}),
        (APIXO, wish(aspect_ratio="16:9"), {"resolution": "2K", "aspect_ratio": "16:9"}),
        (APIXO, wish(size="4K"), {"size": "4K"}),
        (APIXO, wish(size="2048*2048"), {"size": "2048*2048"}),
        (APIXO, wish(size="2048X2048"), {"size": "2048X2048"}),
        (OXEN, wish(), {}),
        (OXEN, wish(resolution="4K"), {"size": "4K"}),
        (OXEN, wish(size="2K"), {"size": "2K"}),
        (OXEN, wish(aspect_ratio="9:16"), {"aspect_ratio": "9:16"}),
        (OXEN, wish(size="2848*1600"), {"size": "2K", "aspect_ratio": "16:9"}),
        (
            OXEN,
            wish(resolution="2K", aspect_ratio="match_input_image"),
            {"size": "2K", "aspect_ratio": "match_input_image"},
        ),
        (LITE, wish(size="3K"), {"size": "3K"}),
        (LITE, wish(size="3136X1344"), {"size": "2K", "aspect_ratio": "21:9"}),
        (
            LITE,
            wish(resolution="3K", aspect_ratio="match_input_image"),
            {"size": "3K", "aspect_ratio": "match_input_image"},
        ),
        (AIMLAPI, wish(), {}),
        (AIMLAPI, wish(resolution="4K"), {"image_size": "4K"}),
        (AIMLAPI, wish(size="2K"), {"image_size": "2K"}),
        (AIMLAPI, wish(aspect_ratio="3:2"), {"image_size": {"width": 2496, "height": 1664}}),
        (
            AIMLAPI,
            wish(resolution="4K", aspect_ratio="1:1"),
            {"image_size": {"width": 4096, "height": 4096}},
        ),
        (AIMLAPI, wish(size="1440*4096"), {"image_size": {"width": 1440, "height": 4096}}),
    ],
)
def test_each_provider_is_told_in_its_own_fields(
    offer: Offer, wanted: JobInput, wire: dict[str, object]
) -> None:
    assert complained_of(offer, wanted) == set()
    assert offer.wire_fields(wanted) == wire


@pytest.mark.parametrize("offer", [APIXO, AIMLAPI, SEEDREAM_4])
def test_only_some_can_follow_the_shape_of_a_reference(offer: Offer) -> None:
    assert complained_of(offer, wish(aspect_ratio="match_input_image")) == {"/aspect_ratio"}


@pytest.mark.parametrize("offer", [APIXO, AIMLAPI], ids=["apixo", "aimlapi"])
@settings(deadline=None)
@given(
    width=st.integers(1000, 6500) | st.sampled_from([1439, 1440, 2560, 4096, 4097, 16384]),
    height=st.integers(1000, 6500) | st.sampled_from([1024, 1439, 1440, 2560, 4096, 4097]),
    by=st.sampled_from("xX*"),
)
def test_a_provider_refuses_exactly_the_sizes_that_are_complained_of(
    offer: Offer, width: int, height: int, by: str
) -> None:
    wanted = wish(size=f"{width}{by}{height}")

    with pytest.raises(ValidationError) if offer.complaints(wanted) else nullcontext():
        assert drawn(offer, wanted) == f"{width}x{height}"


@pytest.mark.parametrize(
    ("wanted", "first_poll"),
    [
        (wish(), 20),
        (wish(aspect_ratio="16:9"), 20),
        (wish(resolution="2K", aspect_ratio="21:9"), 20),
        (wish(size="2848x1600"), 20),
        (wish(size="2400x1900"), 30),  # larger than all that is made at 2K
        (wish(size="6240x2656"), 30),
        (wish(size="4K"), 30),
        (wish(resolution="4K"), 30),
    ],
)
def test_larger_images_are_asked_about_later_however_their_size_was_said(
    wanted: JobInput, first_poll: float
) -> None:
    assert APIXO.pace(wanted).first_poll == first_poll
