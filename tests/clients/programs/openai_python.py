"""The official Python client, newest and old: `openai_python.py SCENARIO PROMPT FILE`.

Runs in an environment of its own, so it imports nothing of this repository.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import openai

MODEL = "seedream-4.5"


async def run(scenario: str, prompt: str, file: str) -> list[Any]:
    client = openai.AsyncOpenAI()
    if scenario == "edit":
        image = ("room.png", Path(file).read_bytes())  # noqa: ASYNC240  a small file
        return [await client.images.edit(model=MODEL, prompt=prompt, image=image)]
    calls = 3 if scenario == "three at once" else 1
    generate = client.images.generate
    return await asyncio.gather(*(generate(model=MODEL, prompt=prompt) for _ in range(calls)))


answers = asyncio.run(run(*sys.argv[1:]))
json.dump({"data": [image.to_dict() for answer in answers for image in answer.data]}, sys.stdout)
