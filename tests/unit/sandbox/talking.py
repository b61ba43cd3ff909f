"""Short ways to say what the tests say often."""

import base64
import io
import json
from dataclasses import dataclass
from typing import Any

import httpx
from PIL import Image

from local.sandbox.studio import Studio
from tests.unit.sandbox.peers import picture

APIXO = "/apixo/api/v1"
OXEN = "/oxen/api"
GENERATIONS = "/aimlapi/v1/images/generations"


@dataclass(frozen=True, slots=True, kw_only=True)
class InProcess:
    client: httpx.AsyncClient
    studio: Studio

    async def settled(self) -> None:
        await self.studio.background.idle()

    async def ledger(self, provider: str) -> list[dict[str, Any]]:
        answer = await self.client.get("/ledger")
        rows: list[dict[str, Any]] = answer.json()[provider]
        return rows

    async def row(self, provider: str) -> dict[str, Any]:
        (row,) = await self.ledger(provider)
        return row

    async def suffer(self, provider: str, *faults: str | dict[str, Any], seed: int = 0) -> None:
        """Switch faults on; one without parameters is named by its name alone."""
        plan = a_plan(provider, *faults) | {"seed": seed}
        answer = await self.client.put("/faults", json=plan)
        assert answer.status_code == 200, answer.text

    async def apixo(self, *, request: dict[str, Any] | None = None, **fields: Any) -> str:
        """Submit and let it end; the task's id comes back."""
        answer = await self.client.post(
            f"{APIXO}/generateTask/seedream-4-5", json=apixo_body(**fields) | (request or {})
        )
        task_id: str = answer.raise_for_status().json()["data"]["taskId"]
        await self.settled()
        return task_id

    async def apixo_status(self, task_id: str) -> dict[str, Any]:
        url = f"{APIXO}/statusTask/seedream-4-5"
        answer = await self.client.get(url, params={"taskId": task_id})
        data: dict[str, Any] = answer.raise_for_status().json()["data"]
        return data

    async def submit_apixo(
        self, *, request: dict[str, Any] | None = None, **fields: Any
    ) -> httpx.Response:
        """Submit, and return the answer whatever it is."""
        body = apixo_body(**fields) | (request or {})
        return await self.client.post(f"{APIXO}/generateTask/seedream-4-5", json=body)

    async def oxen(self, **params: Any) -> list[str]:
        """Enqueue; the generations' ids come back."""
        answer = await self.client.post(f"{OXEN}/ai/queue", json=oxen_body(**params))
        generations = answer.raise_for_status().json()["generations"]
        return [generation["generation_id"] for generation in generations]

    async def oxen_row(self, generation_id: str) -> dict[str, Any]:
        answer = await self.client.get(f"{OXEN}/ai/queue/{generation_id}")
        row: dict[str, Any] = answer.raise_for_status().json()
        return row

    async def image(self, url: str) -> Image.Image:
        answer = await self.client.get(url)
        return Image.open(io.BytesIO(answer.raise_for_status().content))


def a_plan(provider: str, *faults: str | dict[str, Any]) -> dict[str, Any]:
    return {provider: [{"fault": one} if isinstance(one, str) else one for one in faults]}


def apixo_body(**fields: Any) -> dict[str, Any]:
    plain = {"mode": "text-to-image", "prompt": "a fox", "max_images": 1}
    return {"input": {name: value for name, value in (plain | fields).items() if value is not ...}}


def oxen_body(**params: Any) -> dict[str, Any]:
    plain = {"model": "bytedance-seedream-4-5", "prompt": "a fox", "size": "2K"}
    return {name: value for name, value in (plain | params).items() if value is not ...}


def data_uri(width: int = 64, height: int = 64) -> str:
    return "data:image/png;base64," + base64.b64encode(picture(width, height)).decode()


def urls_of(status: dict[str, Any]) -> list[str]:
    urls: list[str] = json.loads(status["resultJson"])["resultUrls"]
    return urls
