"""The catalogue's rules: what a model can do at a provider, and what it is told to do there."""

from typing import Any

import pytest

from shared.catalog.load import load_catalog
from shared.domain.field_rules import FieldRule
from shared.domain.offers import Offer
from shared.domain.wanted import JobInput

CATALOG = load_catalog()
APIXO = CATALOG.offer("seedream-4.5", "apixo")
AIMLAPI = CATALOG.offer("seedream-4.5", "aimlapi")
OXEN = CATALOG.offer("seedream-4.5", "oxen")
LITE = CATALOG.offer("seedream-5-lite", "oxen")
SEEDREAM_4 = CATALOG.offer("seedream-4", "oxen")
RATIOS = "1:1, 2:3, 3:2, 3:4, 4:3, 9:16, 16:9, 21:9"
RATIOS_OF_AIMLAPI = "1:1, 2:3, 3:2, 3:4, 4:3, 9:16, 16:9"
SIZES_OF_2K = "2048x2048, 1664x2496, 2496x1664, 1728x2304, 2304x1728, 1600x2848, 2848x1600"
SIZES_OF_4K = "4096x4096, 3328x4992, 4992x3328, 3520x4704, 4704x3520, 3040x5504, 5504x3040"
SIZES_OF_OXEN = f"{SIZES_OF_2K}, {SIZES_OF_4K}"
SIZES_OF_LITE = f"{SIZES_OF_2K}, 3136x1344"
SIZES_OF_AIMLAPI = f"{SIZES_OF_2K}, 4096x4096"
AREA = "allowed are 3686400 to 16777216"
SIDES = "each side must have 1440 to 4096 pixels"
LINK = "https://example.com/a.png"


def wish(*, references: int = 0, **wanted: Any) -> JobInput:
    return JobInput(**{"prompt": "a fox", "images": (LINK,) * references, **wanted})


def complaints(offer: Offer, wanted: JobInput) -> list[tuple[str, str, str]]:
    return [(error.pointer, error.code, error.message) for error in offer.complaints(wanted)]


# --- limits


@pytest.mark.parametrize(
    ("offer", "wanted"),
    [
        (APIXO, wish()),
        (APIXO, wish(prompt="x" * 5000, references=14, n=10)),
        (APIXO, wish(resolution="4K", aspect_ratio="21:9", sequential="disabled")),
        (APIXO, wish(references=14, n=1, sequential="auto", prompt_optimize="standard")),
        (APIXO, wish(references=14, n=2, sequential="disabled")),
        (APIXO, wish(size="2K")),
        (APIXO, wish(size="1920x1920")),
        (APIXO, wish(size="4096X4096")),
        (APIXO, wish(size="16384*1024")),
        (OXEN, wish(references=10, resolution="4K", aspect_ratio="match_input_image", seed=-7)),
        (OXEN, wish(size="4K")),
        (OXEN, wish(size="5504*3040")),
        (AIMLAPI, wish(references=14, n=10, resolution="4K", aspect_ratio="1:1")),
        (AIMLAPI, wish(size="1440X2560", seed=2**63 - 1, watermark=True)),
        (LITE, wish(references=14, resolution="3K", output_format="jpeg")),
        (SEEDREAM_4, wish(references=14, n=10)),
    ],
)
def test_what_is_within_every_limit_is_no_reason_to_complain(
    offer: Offer, wanted: JobInput
) -> None:
    assert complaints(offer, wanted) == []


@pytest.mark.parametrize(
    ("offer", "wanted", "complaint"),
    [
        (
            APIXO,
            wish(prompt="x" * 5001),
            ("/prompt", "too_long", "5001 characters; at most 5000 are allowed"),
        ),
        (
            OXEN,
            wish(references=11),
            ("/images", "too_many", "11 references; seedream-4.5 at oxen takes at most 10"),
        ),
        (
            APIXO,
            wish(references=14, n=2, sequential="auto"),
            (
                "/images",
                "too_many",
                "14 references and 2 images; with sequential auto both together may be at most 15",
            ),
        ),
        (APIXO, wish(n=11), ("/n", "too_many", "at most 10 images")),
        (
            APIXO,
            wish(resolution="3K"),
            ("/resolution", "not_allowed", "must be one of 2K, 4K"),
        ),
        (
            APIXO,
            wish(aspect_ratio="match_input_image"),
            ("/aspect_ratio", "not_allowed", f"must be one of {RATIOS}"),
        ),
        (
            APIXO,
            wish(size="3K"),
            ("/size", "not_allowed", "must be 2K, 4K or WIDTHxHEIGHT"),
        ),
        (
            APIXO,
            wish(size="2048 x 2048"),
            ("/size", "not_allowed", "must be 2K, 4K or WIDTHxHEIGHT"),
        ),
        (
            APIXO,
            wish(size="\N{ARABIC-INDIC DIGIT TWO}048x2048"),
            ("/size", "not_allowed", "must be 2K, 4K or WIDTHxHEIGHT"),
        ),
        (
            APIXO,
            wish(size="1024x1024"),
            (
                "/size",
                "not_allowed",
                f"1024x1024 has 1048576 pixels; {AREA}",
            ),
        ),
        (
            APIXO,
            wish(size="4097x4096"),
            (
                "/size",
                "not_allowed",
                f"4097x4096 has 16781312 pixels; {AREA}",
            ),
        ),
        (
            APIXO,
            wish(size="500x8001"),
            ("/size", "not_allowed", "sides may differ at most 16 to 1"),
        ),
        (
            OXEN,
            wish(size="2048x2049"),
            ("/size", "not_allowed", f"must be one of 2K, 4K, {SIZES_OF_OXEN}"),
        ),
        (
            OXEN,
            wish(size="3136x1344"),  # 21:9, which this model has not
            ("/size", "not_allowed", f"must be one of 2K, 4K, {SIZES_OF_OXEN}"),
        ),
        (
            OXEN,
            wish(size="2K", aspect_ratio="1:1"),
            ("/size", "excluded", "size excludes resolution and aspect_ratio"),
        ),
        (
            LITE,
            wish(size="4096x4096"),
            ("/size", "not_allowed", f"must be one of 2K, 3K, {SIZES_OF_LITE}"),
        ),
        (
            AIMLAPI,
            wish(aspect_ratio="match_input_image"),
            ("/aspect_ratio", "not_allowed", f"must be one of {RATIOS_OF_AIMLAPI}"),
        ),
        (
            AIMLAPI,
            wish(resolution="4K", aspect_ratio="16:9"),
            (
                "/aspect_ratio",
                "not_allowed",
                f"16:9 at 4K: {SIDES}, not 5504x3040; 2K has {RATIOS_OF_AIMLAPI}; 4K has 1:1",
            ),
        ),
        (
            AIMLAPI,
            wish(size="5504x3040"),
            ("/size", "not_allowed", f"{SIDES}, not 5504x3040; these fit: {SIZES_OF_AIMLAPI}"),
        ),
        (
            AIMLAPI,
            wish(size="1440x1440"),
            (
                "/size",
                "not_allowed",
                f"1440x1440 has 2073600 pixels; {AREA}; these fit: {SIZES_OF_AIMLAPI}",
            ),
        ),
        (OXEN, wish(seed=True), ("/seed", "not_allowed", "must be an integer of at most 64 bits")),
        (OXEN, wish(seed=2**63), ("/seed", "not_allowed", "must be an integer of at most 64 bits")),
        (
            APIXO,
            wish(seed=1),
            ("/seed", "unsupported", "seedream-4.5 at apixo does not take this field"),
        ),
        (
            APIXO,
            wish(output_format="png"),
            ("/output_format", "unsupported", "seedream-4.5 at apixo does not take this field"),
        ),
        (
            OXEN,
            wish(sequential="disabled"),
            ("/sequential", "unsupported", "seedream-4.5 at oxen does not take this field"),
        ),
        (
            SEEDREAM_4,
            wish(watermark=False),
            ("/watermark", "unsupported", "seedream-4 at oxen does not take this field"),
        ),
    ],
)
def test_each_limit_that_is_passed_is_named_with_its_field(
    offer: Offer, wanted: JobInput, complaint: tuple[str, str, str]
) -> None:
    assert complaints(offer, wanted) == [complaint]


def test_every_limit_is_told_at_once() -> None:
    wanted = wish(prompt="x" * 5001, references=15, n=11, resolution="1K", seed=1)

    pointers = [error.pointer for error in APIXO.complaints(wanted)]
    assert pointers == ["/prompt", "/images", "/n", "/resolution", "/seed"]


@pytest.mark.parametrize(
    "wanted", [wish(size="2K", resolution=""), wish(size="2K", aspect_ratio="")]
)
def test_a_size_stands_alone_even_beside_what_is_empty(wanted: JobInput) -> None:
    told = complaints(APIXO, wanted)

    assert ("/size", "excluded", "size excludes resolution and aspect_ratio") in told


def test_what_is_wrong_beside_a_size_is_told_as_well() -> None:
    wanted = wish(size="1024x1024", resolution="4K", aspect_ratio="16:9")

    pointers = [error.pointer for error in AIMLAPI.complaints(wanted)]

    assert pointers == ["/size", "/size", "/aspect_ratio"]


def test_an_aspect_ratio_that_fits_at_no_resolution_is_told_why() -> None:
    allowed, limit = (error.message for error in AIMLAPI.complaints(wish(aspect_ratio="21:9")))

    assert allowed == f"must be one of {RATIOS_OF_AIMLAPI}"
    assert "21:9 at 2K: each side must have 1440 to 4096 pixels, not 3136x1344" in limit


def test_a_flag_is_true_or_false_and_nothing_that_looks_alike() -> None:
    rule = FieldRule(wire="watermark", boolean=True)

    assert {rule.complaint(value) for value in (True, False)} == {None}
    assert {rule.complaint(value) for value in (0, 1, "true", "")} == {"must be true or false"}


# --- on the wire


@pytest.mark.parametrize(
    ("offer", "wanted", "wire"),
    [
        (APIXO, wish(), {"resolution": "2K"}),
        (APIXO, wish(size="2048*2048"), {"size": "2048*2048"}),
        (
            APIXO,
            wish(resolution="4K", sequential="auto", prompt_optimize="standard"),
            {
                "resolution": "4K",
                "sequential_image_generation": "auto",
                "prompt_optimize_mode": "standard",
            },
        ),
        (OXEN, wish(), {}),
        (OXEN, wish(resolution="4K", seed=0), {"size": "4K", "seed": 0}),
        (LITE, wish(resolution="3K", output_format="png"), {"size": "3K", "output_format": "png"}),
        (AIMLAPI, wish(), {}),
        (AIMLAPI, wish(seed=-1, watermark=False), {"seed": -1, "watermark": False}),
        (SEEDREAM_4, wish(n=4, references=2), {}),
    ],
)
def test_fields_go_out_under_the_providers_own_names(
    offer: Offer, wanted: JobInput, wire: dict[str, object]
) -> None:
    assert offer.wire_fields(wanted) == wire
