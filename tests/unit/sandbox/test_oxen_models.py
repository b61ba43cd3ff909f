from typing import Any

import pytest

from tests.unit.sandbox.talking import OXEN, InProcess, data_uri

pytestmark = pytest.mark.anyio


async def schema_of(sandbox: InProcess, model: str) -> dict[str, Any]:
    answer = await sandbox.client.get(f"{OXEN}/ai/models/{model}")
    schema: dict[str, Any] = answer.raise_for_status().json()["json_request_schema"]
    return schema


async def test_the_models_endpoint_lists_the_three_seedreams(sandbox: InProcess) -> None:
    answer = (await sandbox.client.get(f"{OXEN}/ai/models?developer_name=ByteDance")).json()

    assert answer["object"] == "list"
    assert [model["id"] for model in answer["data"]] == [
        "bytedance-seedream-4",
        "bytedance-seedream-4-5",
        "bytedance-seedream-5-lite",
    ]


@pytest.mark.parametrize(
    ("model", "defaults", "references"),
    [
        ("bytedance-seedream-4", {}, "input_image"),
        ("bytedance-seedream-4-5", {"aspect_ratio": "1:1", "size": "4K"}, "input_image"),
        (
            "bytedance-seedream-5-lite",
            {"size": "2K", "aspect_ratio": "match_input_image", "output_format": "png"},
            "image_input",
        ),
    ],
)
async def test_the_schema_says_fields_and_defaults_as_the_model_s_page_does(
    sandbox: InProcess, model: str, defaults: dict[str, str], references: str
) -> None:
    schema = await schema_of(sandbox, model)
    fields = schema["properties"]

    assert (schema["required"], schema["additionalProperties"]) == (["prompt"], False)
    assert {
        name: field["default"] for name, field in fields.items() if "default" in field
    } == defaults
    assert fields[references]["type"] == "array"
    assert fields[references]["items"] == {"type": "string"}
    assert set(fields) - {"prompt", references, "seed"} == set(defaults)


async def test_a_field_without_a_default_is_no_nullable_field(sandbox: InProcess) -> None:
    schema = await schema_of(sandbox, "bytedance-seedream-4-5")

    assert schema["properties"]["seed"]["type"] == "integer"
    assert "$ref" not in str(schema)


@pytest.mark.parametrize(
    ("params", "kind", "size"),
    [
        ({"model": "bytedance-seedream-4", "size": ...}, "PNG", (2048, 2048)),
        ({"size": ...}, "PNG", (4096, 4096)),
        ({"aspect_ratio": "match_input_image"}, "PNG", (2048, 2048)),
        (
            {"aspect_ratio": "match_input_image", "input_image": [data_uri(300, 200)]},
            "PNG",
            (2496, 1664),
        ),
        ({"model": "bytedance-seedream-5-lite", "size": "3K"}, "PNG", (3072, 3072)),
        (
            {
                "model": "bytedance-seedream-5-lite",
                "output_format": "jpeg",
                "aspect_ratio": "21:9",
            },
            "JPEG",
            (3136, 1344),
        ),
        (
            {"model": "bytedance-seedream-5-lite", "image_input": [data_uri(100, 400)]},
            "PNG",
            (1024, 4096),
        ),
    ],
)
async def test_a_picture_has_the_kind_and_size_that_were_asked_for(
    sandbox: InProcess, params: dict[str, Any], kind: str, size: tuple[int, int]
) -> None:
    (generation_id,) = await sandbox.oxen(**params)
    await sandbox.settled()
    row = await sandbox.oxen_row(generation_id)
    image = await sandbox.image(row["result_url"])

    assert (image.format, image.size) == (kind, size)
    assert row["result_url"].endswith(f".{kind.lower()}")
