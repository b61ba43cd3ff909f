"""docs/openai.md says what the routes understand. Its programs run in tests/e2e/test_openai.py."""

from pathlib import Path

from shared.api.openai_requests import ImageRequest
from tests.docs.documents import Document

GUIDE = Document(Path("docs/openai.md"))


def test_every_parameter_is_told_and_no_other() -> None:
    told = {row[0].strip("`") for row in GUIDE.table("parameter")}

    assert told == set(ImageRequest.model_fields)
