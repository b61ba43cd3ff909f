"""The official openai client, with nothing but base_url and api_key changed."""

import base64
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from PIL import Image

from local.stack import Stack, StackOptions, running_stack
from tests.pictures import a_png

pytestmark = pytest.mark.engine

_GUIDE = Path("docs/openai.md").read_text(encoding="utf-8")
_PROGRAMS = re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def patient() -> Iterator[Stack]:
    """A stack whose answers wait two seconds, while an image takes four or more."""
    environ = {"SEEDHOOK_ANSWER_SECONDS": "2"}
    with running_stack(StackOptions(port=0, latency=0.5, strict=True, environ=environ)) as stack:
        yield stack


@pytest.fixture
def client(stack: Stack) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{stack.api_url}/v1", api_key=stack.api_key)


def ledger(stack: Stack, prompt: str) -> list[dict[str, Any]]:
    """Return what the sandbox was paid for this prompt."""
    books = httpx.get(f"{stack.sandbox_url}/ledger", trust_env=False).json()
    rows = [row for provider in books.values() for row in provider]
    return [row for row in rows if prompt in str(row["request"])]


def size_of(content: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(content)).size


def test_a_generation_is_a_link_to_an_image(stack: Stack, client: openai.OpenAI) -> None:
    result = client.images.generate(
        model="seedream-4.5", prompt="openai: a fox", size="2048x2048", n=2
    )

    assert result.data
    assert result.created
    assert result.usage
    contents = [httpx.get(one.url or "", trust_env=False).content for one in result.data]
    assert [size_of(content) for content in contents] == [(2048, 2048)] * 2
    assert len(ledger(stack, "openai: a fox")) == 1


def test_a_generation_is_data_where_that_is_asked_for(client: openai.OpenAI) -> None:
    answer = client.images.with_raw_response.generate(
        model="seedream-4.5", prompt="openai: data", response_format="b64_json"
    )

    (one,) = answer.parse().data or []
    assert size_of(base64.b64decode(one.b64_json or "")) >= (1024, 1024)
    assert answer.headers["x-seedhook-job-id"].startswith("job_")


def test_an_edit_takes_files(stack: Stack, client: openai.OpenAI) -> None:
    files = [("one.png", a_png(64, 48)), ("two.png", a_png(48, 64))]

    result = client.images.edit(model="seedream-4.5", prompt="openai: at night", image=files)

    assert result.data
    assert result.data[0].url
    (row,) = ledger(stack, "openai: at night")
    assert len(_references(row["request"])) == 2


def _references(request: dict[str, Any]) -> list[str]:
    given: dict[str, Any] = request.get("input", request)
    return next(value for name, value in given.items() if name.startswith("image"))


def test_what_is_not_there_is_refused_by_name(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(model="seedream-4.5", prompt="a fox", background="transparent")

    assert refused.value.param == "background"
    assert "background" in str(refused.value)


def test_a_wrong_key_is_the_error_that_programs_expect(stack: Stack) -> None:
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{stack.api_url}/v1", api_key="sk-none").images.generate(
            model="seedream-4.5", prompt="a fox"
        )


def test_a_job_longer_than_an_answer_is_waited_for_and_paid_once(patient: Stack) -> None:
    client = openai.OpenAI(
        base_url=f"{patient.api_url}/v1", api_key=patient.api_key, max_retries=15
    )

    result = client.images.generate(model="seedream-4.5", prompt="openai: patience")

    assert result.data
    assert httpx.get(result.data[0].url or "", trust_env=False).status_code == 200
    assert len(ledger(patient, "openai: patience")) == 1


def test_who_gives_up_is_told_the_job_and_finds_it_again(patient: Stack) -> None:
    client = openai.OpenAI(base_url=f"{patient.api_url}/v1", api_key=patient.api_key, max_retries=1)

    with pytest.raises(openai.ConflictError) as given_up:
        client.images.generate(model="seedream-4.5", prompt="openai: in a hurry")

    job_id = given_up.value.response.headers["x-seedhook-job-id"]
    assert job_id in str(given_up.value)
    headers = {"authorization": f"Bearer {patient.api_key}"}
    url = f"{patient.api_url}/v1/jobs/{job_id}"
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 200
    assert len(ledger(patient, "openai: in a hurry")) == 1


@pytest.mark.parametrize("program", _PROGRAMS, ids=["generate", "edit"])
def test_the_programs_of_the_guide_run(
    stack: Stack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    program: str,
) -> None:
    (tmp_path / "room.png").write_bytes(a_png(64, 48))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{stack.api_url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", stack.api_key)

    exec(program, {})  # noqa: S102  our own document

    assert httpx.get(capsys.readouterr().out.strip(), trust_env=False).status_code == 200
