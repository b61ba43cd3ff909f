"""`python -m tests.docs.openapi` writes docs/openapi.json anew."""

import json
from pathlib import Path
from typing import Final

from shared.api.openapi import openapi_document

FILE: Final = Path("docs/openapi.json")


def text() -> str:
    return json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
