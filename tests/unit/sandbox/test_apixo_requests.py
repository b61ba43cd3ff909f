from typing import Any

import pytest

from tests.unit.sandbox.talking import APIXO, InProcess, apixo_body

pytestmark = pytest.mark.anyio

SUBMIT = f"{APIXO}/generateTask/seedream-4-5"
WEB = "https://example.com/a.png"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"prompt": ...}, "Missing required field: input.prompt"),
        ({"max_images": ...}, "Missing required field: input.max_images"),
        ({"mode": ...}, "Missing required field: input.mode"),
        ({"mode": "image-to-image"}, "Missing required field: input.image_urls"),
        ({"output_format": "png"}, "Unknown field: input.output_format"),
        ({"image_urls": [WEB]}, "input.image_urls is only for image-to-image"),
    ],
)
async def test_apixo_names_the_field_that_is_missing_unknown_or_out_of_place(
    sandbox: InProcess, fields: dict[str, Any], error: str
) -> None:
    answer = await sandbox.client.post(SUBMIT, json=apixo_body(**fields))

    assert answer.status_code == 400
    assert answer.json() == {"code": 400, "message": "Invalid request", "data": {"error": error}}


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": ""},
        {"prompt": "x" * 5001},
        {"prompt": 7},
        {"max_images": 0},
        {"max_images": 11},
        {"max_images": "2"},
        {"max_images": True},
        {"mode": "video"},
        {"resolution": "1K"},
        {"resolution": "3K"},
        {"resolution": None},
        {"aspect_ratio": "5:4"},
        {"aspect_ratio": "match_input_image"},
        {"prompt_optimize_mode": "fast"},
        {"sequential_image_generation": True},
        {"size": "3K"},
        {"size": "1024x1024"},
        {"size": "8192x2049"},
        {"size": "16384x300"},
        {"size": "2048 x 2048"},
        {"size": "2048x2048", "resolution": "2K"},
        {"mode": "image-to-image", "image_urls": []},
        {"mode": "image-to-image", "image_urls": [WEB] * 15},
        {"mode": "image-to-image", "image_urls": WEB},
        {"mode": "image-to-image", "image_urls": ["ftp://example.com/a.png"]},
        {
            "mode": "image-to-image",
            "image_urls": [WEB] * 14,
            "max_images": 2,
            "sequential_image_generation": "auto",
        },
    ],
)
async def test_apixo_refuses_what_its_page_does_not_allow_and_charges_nothing(
    sandbox: InProcess, fields: dict[str, Any]
) -> None:
    answer = await sandbox.client.post(SUBMIT, json=apixo_body(**fields))

    assert answer.status_code == answer.json()["code"] == 400
    assert await sandbox.ledger("apixo") == []


@pytest.mark.parametrize(
    "request_fields",
    [
        {"request_type": "callback"},
        {"request_type": "sync"},
        {"request_type": "callback", "callback_url": "http://example.com/hook"},
        {"request_type": "callback", "callback_url": "example.com"},
        {"webhook": "https://example.com/hook"},
    ],
)
async def test_a_callback_needs_an_https_address_under_its_own_name(
    sandbox: InProcess, request_fields: dict[str, Any]
) -> None:
    answer = await sandbox.client.post(SUBMIT, json=apixo_body() | request_fields)

    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"'])
async def test_apixo_refuses_a_body_that_is_no_json_object(sandbox: InProcess, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await sandbox.client.post(SUBMIT, content=body, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["message"] == "Invalid request"


async def test_apixo_wants_json_to_be_called_json(sandbox: InProcess) -> None:
    answer = await sandbox.client.post(SUBMIT, content=b'{"input": {}}')

    assert answer.json()["data"]["error"] == "Content-Type must be application/json"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer  ", "Basic abc"])
@pytest.mark.parametrize("path", ["statusTask/seedream-4-5", "apikeys/current-balance"])
async def test_apixo_answers_401_without_a_key(
    sandbox: InProcess, authorization: str, path: str
) -> None:
    headers = {"authorization": authorization}
    answer = await sandbox.client.get(f"{APIXO}/{path}", headers=headers)

    assert answer.status_code == answer.json()["code"] == 401


async def test_apixo_does_not_know_other_models_tasks_or_paths(sandbox: InProcess) -> None:
    task_id = await sandbox.apixo()
    paths = [
        f"statusTask/seedream-5-0?taskId={task_id}",
        "statusTask/seedream-4-5?taskId=unknown",
        "listTasks",
    ]
    answers = [await sandbox.client.get(f"{APIXO}/{path}") for path in paths]
    answers.append(await sandbox.client.post(f"{APIXO}/generateTask/seedream-9", json={}))

    assert [answer.status_code for answer in answers] == [404] * 4
    assert {answer.json()["code"] for answer in answers} == {404}
