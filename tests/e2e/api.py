"""The API as a client program sees it."""

from http import HTTPStatus
from typing import Any

import httpx

from tests.patience import PATIENCE_SECONDS, looks

_TERMINAL = frozenset({"succeeded", "partial", "failed", "cancelled", "expired"})


class Api(httpx.Client):
    def __init__(self, *, base_url: str, key: str) -> None:
        headers = {"authorization": f"Bearer {key}"}
        super().__init__(
            base_url=base_url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False
        )

    def request(self, method: str, url: httpx.URL | str, **parts: Any) -> httpx.Response:
        """Read again while the table does not answer, as any good client does."""
        for _ in looks():
            answer = super().request(method, url, **parts)
            if method != "GET" or answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                return answer
        raise AssertionError(f"{method} {url} was never served")

    def submit(self, **job: Any) -> dict[str, Any]:
        job.setdefault("model", "seedream-4.5")
        answer = self.post("/v1/jobs", json=job)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def job(self, job_id: str, *, wait: int = 0) -> dict[str, Any]:
        answer = self.get(f"/v1/jobs/{job_id}", params={"wait": wait})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def finished(self, job_id: str) -> dict[str, Any]:
        """Follow the job by long polls until it is terminal."""
        job = self.job(job_id)
        for _ in looks():
            if job["status"] in _TERMINAL:
                return job
            job = self.job(job_id, wait=10)
        raise AssertionError(f"{job_id} is still {job['status']}: {job['timeline']}")

    def looked_at(self, job: dict[str, Any]) -> dict[str, Any]:
        """Return the job as soon as all its images have been looked at for their previews."""
        for _ in looks():
            shown = self.job(job["id"])
            if all(image["verified"] is not None for image in shown["images"]):
                return shown
        raise AssertionError(f"nobody looked at the images of {job['id']}")
