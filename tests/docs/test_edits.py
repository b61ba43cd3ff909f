"""docs/edits.md: its lists are lists, its rule hears what there is, its consumer takes it once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.template_bridge import load_template
from shared.api.reading import read
from shared.api.requests import JobRequest
from shared.domain.batch import Format
from shared.domain.batch_lines import lines_of
from shared.domain.events import SOURCE
from tests.docs.documents import Document
from tests.memory_service import MemoryService

DOCUMENT = Document(Path("docs/edits.md"))
SCHEMA = json.loads(Path("events/schemas/job-event.json").read_bytes())


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


def block(language: str, *, holding: str) -> str:
    (text,) = [
        one.text for one in DOCUMENT.blocks if one.language == language and holding in one.text
    ]
    return text


def test_each_line_of_the_list_is_a_request(service: MemoryService) -> None:
    lines = list(lines_of(block("text", holding="custom_id").encode(), Format.JSONL))

    assert [line.custom_id for line in lines] == ["row-1", "row-2"]
    for line in lines:
        service.admit_job(
            read(JobRequest, line.request or b"").wish(service.clock.now()),
            key=service.a_key(),
            render=str,
        )


def test_the_rule_hears_of_types_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(block("yaml", holding="AWS::Events::Rule"))

    pattern = load_template(path)["FinishedJobs"]["Properties"]["EventPattern"]

    assert pattern["source"] == [SOURCE]
    assert set(pattern["detail-type"]) < set(SCHEMA["properties"]["type"]["enum"])


@pytest.fixture
def consumer() -> Callable[[dict[str, Any], object], None]:
    names: dict[str, Any] = {}
    exec(block("python", holding="handler"), names)  # noqa: S102  as a reader would run it
    return names["handler"]


def test_the_consumer_takes_each_event_once(
    service: MemoryService,
    consumer: Callable[[dict[str, Any], object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = service.submit(metadata={"order": "7"})
    service.apixo.finish_all()
    service.collect(job.id)
    events = [one for one in service.store.announced.values() if one.type == "job.succeeded"]
    records = [{"body": json.dumps({"detail": json.loads(one.detail)})} for one in events]

    for _ in range(2):
        consumer({"Records": records * 2}, None)

    assert capsys.readouterr().out == f"job.succeeded {job.id} {{'order': '7'}} 1\n"
