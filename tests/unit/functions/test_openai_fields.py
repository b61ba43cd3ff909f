"""OpenAI's image API: fields and sizes as programs written for OpenAI really send them."""

import base64
from typing import Any

import pytest

from shared.domain.job import Job
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.functions.calling import finish_after
from tests.unit.functions.front_door import FrontDoor
from tests.unit.functions.image_calls import edit, generate, jobs_of

PICTURE = "data:image/png;base64," + base64.b64encode(a_png()).decode()


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


def job_of(service: MemoryService, key: str, **body: Any) -> Job:
    answer = generate(service, key, **body)
    assert answer.status == 409, answer.body
    return jobs_of(service)[0]


class TestValuesThatAskForNothing:
    @pytest.mark.parametrize(
        "body",
        [
            {"background": "auto"},
            {"background": "opaque"},
            {"background": None},
            {"moderation": "low"},
            {"moderation": "auto"},
            {"input_fidelity": "high"},
            {"style": "vivid"},
            {"style": "natural"},
            {"stream": False},
            {"partial_images": 0},
            {"output_compression": 100},
            {"mask": None},
            {"mask": ""},
            {"n": None, "size": None, "quality": None, "user": None, "seed": None},
            {"size": "auto", "quality": "auto", "output_format": "auto"},
            {"response_format": None},
            {"user": ""},
            {"quality": "low"},
            {"quality": "medium"},
            {"quality": "standard"},
            {"quality": "hd"},
            {"output_format": "png"},
            {"output_format": "webp"},
        ],
    )
    def test_they_pass(self, service: MemoryService, key: str, body: dict[str, Any]) -> None:
        job = job_of(service, key, **body)

        asked = job.input
        assert (asked.n, asked.size, asked.resolution, asked.output_format) == (1, None, None, None)

    @pytest.mark.parametrize(
        "part",
        [
            ("mask", b""),
            ("background", ""),
            ("stream", "false"),
            ("partial_images", "0"),
            ("output_compression", "100"),
            ("input_fidelity", "high"),
            ("style", "null"),
        ],
    )
    def test_they_pass_in_forms(
        self, service: MemoryService, key: str, part: tuple[str, str | bytes]
    ) -> None:
        assert edit(service, key, ("image", a_png()), part).status == 409

    def test_a_format_that_a_model_has_is_kept(self, service: MemoryService, key: str) -> None:
        job = job_of(service, key, model="seedream-5-lite", output_format="jpeg")

        assert job.input.output_format == "jpeg"

    def test_a_number_may_be_text(self, service: MemoryService, key: str) -> None:
        assert job_of(service, key, n="2").input.n == 2

    def test_a_text_that_reads_like_nothing_is_still_a_prompt(
        self, service: MemoryService, key: str
    ) -> None:
        assert job_of(service, key, prompt="auto").input.prompt == "auto"


class TestAsSeedreamsOwnApiSpellsThem:
    def test_references_come_in_image(self, service: MemoryService, key: str) -> None:
        one = job_of(service, key, image="https://example.com/a.png")
        several = job_of(service, key, image=[PICTURE, "https://example.com/b.png"])

        assert one.input.images == ("https://example.com/a.png",)
        assert len(several.input.images) == 2

    def test_a_watermark_chooses_a_provider_that_has_it(
        self, service: MemoryService, key: str
    ) -> None:
        job = job_of(service, key, watermark=True)

        assert (job.input.watermark, job.provider) == (True, "aimlapi")

    @pytest.mark.parametrize("field", [{"watermark": False}, {"watermark": "false"}])
    def test_no_watermark_where_there_is_none_asks_for_nothing(
        self, service: MemoryService, key: str, field: dict[str, Any]
    ) -> None:
        job = job_of(service, key, model="seedream-5-lite", **field)

        assert job.input.watermark is None

    def test_a_sequence_is_asked_for(self, service: MemoryService, key: str) -> None:
        auto = job_of(service, key, sequential_image_generation="auto", n=3)
        none = job_of(service, key, model="seedream-5-lite", sequential_image_generation="disabled")

        assert (auto.input.sequential, none.input.sequential) == ("auto", None)


class TestSizes:
    @pytest.mark.parametrize(
        ("size", "aspect_ratio"),
        [
            ("256x256", "1:1"),
            ("512x512", "1:1"),
            ("1024x1024", "1:1"),
            ("1536x1024", "3:2"),
            ("1024x1536", "2:3"),
            ("1792x1024", "16:9"),
            ("1024x1792", "9:16"),
        ],
    )
    @pytest.mark.parametrize("model", ["seedream-4.5", "seedream-5-lite"])
    def test_openais_sizes_become_the_nearest_shape(
        self, service: MemoryService, key: str, model: str, size: str, aspect_ratio: str
    ) -> None:
        asked = job_of(service, key, model=model, size=size).input

        assert (asked.size, asked.resolution, asked.aspect_ratio) == (None, "2K", aspect_ratio)

    def test_a_model_that_takes_no_size_makes_its_own(
        self, service: MemoryService, key: str
    ) -> None:
        asked = job_of(service, key, model="seedream-4", size="1024x1024").input

        assert (asked.size, asked.resolution, asked.aspect_ratio) == (None, None, None)

    def test_a_size_that_a_model_has_is_kept(self, service: MemoryService, key: str) -> None:
        assert job_of(service, key, size="2048x2048").input.size == "2048x2048"

    def test_what_was_made_is_said(self, service: MemoryService, key: str) -> None:
        finish_after(service, 1)

        answer = generate(service, key, size="1024x1024")

        (image,) = jobs_of(service)[0].images
        assert answer.headers["x-seedhook-size"] == f"{image.width}x{image.height}"

    @pytest.mark.parametrize("quality", ["high", "hd"])
    def test_a_high_quality_enlarges_where_links_were_asked_for(
        self, service: MemoryService, key: str, quality: str
    ) -> None:
        linked = job_of(service, key, quality=quality, response_format="url").input
        sized = job_of(service, key, quality=quality, response_format="url", size="2048x2048").input
        without = job_of(
            service, key, model="seedream-4", quality=quality, response_format="url"
        ).input

        assert (linked.resolution, linked.size) == ("4K", None)
        assert (sized.resolution, sized.size) == (None, "2048x2048")
        assert without.resolution is None


class TestModelAliases:
    def test_a_name_stands_for_a_model(self) -> None:
        door = FrontDoor()
        key = door.make_key(model_aliases={"gpt-image-1": "seedream-4.5"})

        job = job_of(door.service, key["key"], model="gpt-image-1")

        assert key["model_aliases"] == {"gpt-image-1": "seedream-4.5"}
        assert job.model == "seedream-4.5"

    def test_a_key_is_for_its_models_under_whatever_name(self) -> None:
        door = FrontDoor()
        key = door.make_key(
            model_aliases={"gpt-image-1": "seedream-4.5"}, models=["seedream-5-lite"]
        )

        answer = generate(door.service, key["key"], model="gpt-image-1")

        assert answer.status == 403

    @pytest.mark.parametrize(
        ("aliases", "pointer"),
        [
            ({"gpt-image-1": "dall-e-3"}, "/model_aliases/gpt-image-1"),
            ({"seedream-4": "seedream-4.5"}, "/model_aliases/seedream-4"),
            ({"bytedance/seedream-4-5": "seedream-4"}, "/model_aliases/bytedance~1seedream-4-5"),
            ({f"name-{number}": "seedream-4" for number in range(21)}, "/model_aliases"),
            ({"": "seedream-4"}, "/model_aliases/"),
        ],
    )
    def test_what_cannot_be_an_alias_is_refused_by_name(
        self, aliases: dict[str, str], pointer: str
    ) -> None:
        body = {"name": "test", "model_aliases": aliases}

        answer = FrontDoor().call("POST", "/v1/keys", body)

        assert answer.status == 422
        assert answer.json["errors"][0]["pointer"] == pointer

    def test_what_it_stands_for_is_any_name_of_the_model(self) -> None:
        key = FrontDoor().make_key(model_aliases={"gpt-image-1": "bytedance/seedream-4-5"})

        assert key["model_aliases"] == {"gpt-image-1": "seedream-4.5"}


@pytest.mark.parametrize(
    ("response_format", "names"),
    [(None, {"url", "b64_json"}), ("url", {"url"}), ("b64_json", {"b64_json"})],
)
def test_an_item_has_the_form_that_was_asked_for_or_else_both(
    service: MemoryService, key: str, response_format: str | None, names: set[str]
) -> None:
    finish_after(service, 1)

    (item,) = generate(service, key, response_format=response_format).json["data"]

    assert item.keys() - {"revised_prompt"} == names
