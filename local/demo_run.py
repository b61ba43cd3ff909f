"""Submit the demo's jobs over HTTP, follow them side by side, fetch and check their images."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local.demo_around import Ear, drop_picture
from local.demo_jobs import DemoJob
from local.stack import Stack

_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 300
_TERMINAL = frozenset({"succeeded", "partial", "failed", "cancelled", "expired"})
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


class DemoError(Exception):
    """A job of the demo did not do what it should."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """One job on its way; the view reads it while the run writes it."""

    job: DemoJob
    state: str = "waiting"
    id: str = ""
    provider: str = ""
    delivery: str = ""
    started: float = 0
    finished: float | None = None
    files: list[Path] = field(default_factory=list)
    error: str = ""
    heard: bool = False  # by the webhook's receiver, verified

    @property
    def seconds(self) -> float:
        if not self.started:
            return 0
        return (self.finished or time.monotonic()) - self.started

    @property
    def succeeded(self) -> bool:
        return self.state == "succeeded" and not self.error


Changed = Callable[[Progress], None]


async def run_jobs(
    stack: Stack, progresses: Sequence[Progress], *, ear: Ear, out: Path, changed: Changed
) -> None:
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    async with httpx.AsyncClient(
        base_url=stack.api_url, headers=headers, trust_env=False, timeout=60
    ) as api:
        await asyncio.gather(
            *(
                _Run(stack=stack, api=api, ear=ear, out=out, progress=one, changed=changed).go()
                for one in progresses
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    stack: Stack
    api: httpx.AsyncClient
    ear: Ear
    out: Path
    progress: Progress
    changed: Changed

    async def go(self) -> None:
        self.progress.started = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                job = await self._finished(await self._submitted())
                self.progress.finished = time.monotonic()
                await self._fetch_images(job)
                await self._be_heard()
        except TimeoutError:
            self.progress.error = f"still {self.progress.state} after {_PATIENCE_SECONDS} s"
        except (DemoError, httpx.HTTPError, OSError) as exc:
            self.progress.error = str(exc) or type(exc).__name__
        self.progress.finished = self.progress.finished or time.monotonic()
        self.changed(self.progress)

    async def _submitted(self) -> dict[str, Any]:
        if self.progress.job.dropped:
            return await self._dropped()
        body = dict(self.progress.job.body())
        if self.progress.job.heard:
            body |= {"webhook_url": self.ear.url, "webhook_events": ["job.succeeded"]}
        answer = await self.api.post("/v1/jobs", json=body)
        if answer.status_code != httpx.codes.ACCEPTED:
            raise DemoError(f"POST /v1/jobs answered {answer.status_code}: {answer.text}")
        job: dict[str, Any] = answer.json()
        self.progress.id = job["id"]
        self._note(job)
        return job

    async def _dropped(self) -> dict[str, Any]:
        """Drop a picture and wait until it has become a job."""
        one = self.progress.job
        said = {name.replace("_", "-"): str(value) for name, value in one.body().items()}
        tag = await asyncio.to_thread(drop_picture, self.stack, one.name, said)
        while True:
            listed = (await self.api.get("/v1/jobs")).raise_for_status().json()["data"]
            for job in listed:
                if tag in job["tags"]:
                    self.progress.id = job["id"]
                    self._note(job)
                    return dict(job)
            await asyncio.sleep(_POLL_SECONDS)

    async def _be_heard(self) -> None:
        while self.progress.job.heard and not self.progress.heard:
            self.progress.heard = self.progress.id in self.ear.verified
            await asyncio.sleep(_POLL_SECONDS)

    async def _finished(self, job: dict[str, Any]) -> dict[str, Any]:
        while job["status"] not in _TERMINAL:
            await asyncio.sleep(_POLL_SECONDS)
            answer = await self.api.get(f"/v1/jobs/{job['id']}")
            answer.raise_for_status()
            job = answer.json()
            self._note(job)
        if job["status"] != "succeeded":
            error = job.get("error") or {}
            raise DemoError(f"{job['status']}: {error.get('code')} {error.get('message') or ''}")
        return job

    def _note(self, job: dict[str, Any]) -> None:
        before = self.progress.state
        self.progress.state = job["status"]
        self.progress.provider = job.get("provider") or ""
        self.progress.delivery = job.get("delivery") or ""
        if self.progress.state != before:
            self.changed(self.progress)

    async def _fetch_images(self, job: dict[str, Any]) -> None:
        wanted = self.progress.job.body().get("n", 1)
        if len(job["images"]) != wanted:
            raise DemoError(f"{wanted} images asked for, {len(job['images'])} delivered")
        self.out.mkdir(parents=True, exist_ok=True)
        for image in job["images"]:
            content = await self._download(f"/v1/jobs/{job['id']}/images/{image['index']}")
            if hashlib.sha256(content).hexdigest() != image["sha256"]:
                raise DemoError(f"image {image['index']} is not what the job's record says")
            extension = _EXTENSIONS.get(image["content_type"], "bin")
            path = self.out / f"{self.progress.job.name}-{image['index']}.{extension}"
            path.write_bytes(content)
            self.progress.files.append(path)

    async def _download(self, path: str) -> bytes:
        """Follow the signed link; httpx keeps our key from another origin."""
        answer = await self.api.get(path, follow_redirects=True)
        answer.raise_for_status()
        return answer.content
