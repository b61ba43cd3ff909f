"""LiteLLM's SDK: `litellm_sdk.py SCENARIO PROMPT FILE`.

Runs in an environment of its own, so it imports nothing of this repository.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import litellm

SERVER = {
    "model": "openai/seedream-4.5",
    "api_base": os.environ["OPENAI_BASE_URL"],
    "api_key": os.environ["OPENAI_API_KEY"],
}


async def run(scenario: str, prompt: str, file: str) -> list[Any]:
    image = Path(file).read_bytes()  # noqa: ASYNC240  a small file
    if scenario == "edit by router":
        entry = {"model_name": "seedream", "litellm_params": SERVER}
        router = litellm.Router(model_list=[entry], num_retries=5)
        return [await router.aimage_edit(model="seedream", prompt=prompt, image=image)]
    if scenario == "edit":
        return [await litellm.aimage_edit(**SERVER, prompt=prompt, image=image)]
    calls = 3 if scenario == "three at once" else 1
    generate = litellm.aimage_generation
    return await asyncio.gather(*(generate(**SERVER, prompt=prompt) for _ in range(calls)))


answers = asyncio.run(run(*sys.argv[1:]))
json.dump({"data": [dict(image) for answer in answers for image in answer.data]}, sys.stdout)
