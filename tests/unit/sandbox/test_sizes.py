import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sandbox.sizes import Ratio, Resolution, Size, broken_limit, preset, shaped_like, written

RATIOS: list[Ratio] = ["1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9", "21:9"]
RESOLUTIONS: list[Resolution] = ["2K", "3K", "4K"]


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_every_preset_keeps_the_model_s_limits(resolution: Resolution, ratio: Ratio) -> None:
    assert broken_limit(preset(resolution, ratio)) is None


@given(
    st.builds(Size, st.integers(1, 20_000), st.integers(1, 20_000)), st.sampled_from(RESOLUTIONS)
)
def test_a_size_shaped_like_a_reference_keeps_the_model_s_limits(
    shape: Size, resolution: Resolution
) -> None:
    assert broken_limit(shaped_like(shape, resolution)) is None


@pytest.mark.parametrize(
    ("size", "limit"),
    [
        (Size(1920, 1919), "image size must be at least 3686400 pixels"),
        (Size(4096, 4097), "image size must be at most 16777216 pixels"),
        (Size(8200, 500), "aspect ratio must be between 1/16 and 16"),
        (Size(500, 8200), "aspect ratio must be between 1/16 and 16"),
        (Size(1920, 1920), None),
        (Size(16384, 1024), None),
    ],
)
def test_a_broken_limit_is_named(size: Size, limit: str | None) -> None:
    assert broken_limit(size) == limit


@pytest.mark.parametrize("text", ["", "2k", "0x2048", "2048", "2048x", "2048x2048x2", "1e3x2048"])
def test_what_is_no_size_is_not_read_as_one(text: str) -> None:
    assert written(text) is None
