"""The client for `async` code: the same flows, each one awaited."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from . import jobs, reports, transfers
from .documents import Job, Rehearsal
from .fields import MODEL, JobFields, JobFilter
from .landing import Progress
from .report_documents import Batch, Health, Model, Provider, UsageRow
from .runners import AsyncRunner
from .transfers import Source


class AsyncSeedhook(AsyncRunner):
    """Seedhook's API for `async` code. All methods raise SeedhookError and what is below it.

    Without `url` and `key` the environment says: SEEDHOOK_URL, SEEDHOOK_API_KEY.
    """

    async def submit(
        self,
        prompt: str,
        *,
        model: str = MODEL,
        images: Sequence[Source] = (),
        idempotency_key: str | None = None,
        wait: int | None = None,
        **fields: Unpack[JobFields],
    ) -> Job:
        """Submit a job and return it as admitted, or as it is `wait` (up to 25) seconds later.

        Repeating is safe: each submission has an idempotency key, of its own unless one is given.
        """
        return await self._run(
            jobs.submitted(
                self._patience,
                prompt,
                model=model,
                images=images,
                fields=fields,
                idempotency_key=idempotency_key,
                wait=wait,
            )
        )

    async def edit(
        self,
        images: Source | Sequence[Source],
        prompt: str,
        *,
        model: str = MODEL,
        idempotency_key: str | None = None,
        wait: int | None = None,
        **fields: Unpack[JobFields],
    ) -> Job:
        """Submit an edit. An image is a file, which is uploaded, or a reference for the API."""
        sources = [images] if isinstance(images, str | Path) else images
        return await self.submit(
            prompt,
            model=model,
            images=sources,
            idempotency_key=idempotency_key,
            wait=wait,
            **fields,
        )

    async def rehearse(
        self,
        prompt: str,
        *,
        model: str = MODEL,
        images: Sequence[Source] = (),
        **fields: Unpack[JobFields],
    ) -> Rehearsal:
        """Check and price a job without making it."""
        return await self._run(
            jobs.rehearsed(self._patience, prompt, model=model, images=images, fields=fields)
        )

    async def get(self, job_id: str) -> Job:
        return await self._run(jobs.got(self._patience, job_id))

    def list(self, *, limit: int | None = None, **wanted: Unpack[JobFilter]) -> AsyncIterator[Job]:
        """Iterate over jobs, newest first; pages are asked for as they are needed."""
        return self._given(jobs.listed(self._patience, limit=limit, wanted=wanted))

    def watch(self, job_id: str, *, timeout: float | None = None) -> AsyncIterator[Job]:
        """Iterate over the job's states until it is over. Raises StillRunning."""
        return self._given(jobs.watched(self._patience, job_id, timeout=timeout))

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  # it ends the asking, never a request
    ) -> Job:
        """Return the job when it is over, however it ended. Raises StillRunning."""
        watched = self.watch(job_id, timeout=timeout)
        return [job async for job in watched][-1]

    async def cancel(self, job_id: str) -> Job:
        return await self._run(jobs.cancelled(self._patience, job_id))

    async def retry(self, job_id: str) -> Job:
        """Try a failed or expired job again, under the same id."""
        return await self._run(jobs.retried(self._patience, job_id))

    async def delete(self, job_id: str) -> None:
        """Remove a job that is over, with its images."""
        await self._run(jobs.deleted(self._patience, job_id))

    async def upload(self, path: str | Path) -> str:
        """Upload an image, or a list for a batch; return the reference to use it by."""
        return await self._run(transfers.uploaded(self._patience, Path(path)))

    async def download(
        self, job: Job | str, index: int, to: str | Path, *, progress: Progress | None = None
    ) -> Path:
        """Keep an image in a file, or under its own name in a folder; return where it is.

        The file is there whole or not at all: one that is not what the job recorded is NotWhole.
        `progress` is called with the bytes that came and the bytes there are.
        """
        job_id = job if isinstance(job, str) else job.id
        return await self._run(
            transfers.downloaded(self._patience, job_id, index, Path(to), progress=progress)
        )

    async def download_all(
        self, job: Job, folder: str | Path, *, progress: Progress | None = None
    ) -> tuple[Path, ...]:
        """Keep all images of a job in a folder, which is made if it is not there."""
        return await self._run(
            transfers.all_downloaded(self._patience, job, Path(folder), progress=progress)
        )

    async def usage(
        self, *, since: str | None = None, until: str | None = None, group_by: str = "day"
    ) -> tuple[UsageRow, ...]:
        return await self._run(
            reports.usage(self._patience, since=since, until=until, group_by=group_by)
        )

    async def health(self) -> Health:
        """Ask whether the API answers; it takes no key to know."""
        return await self._run(reports.health(self._patience))

    async def models(self) -> tuple[Model, ...]:
        return await self._run(reports.models(self._patience))

    async def model(self, name: str) -> Model:
        return await self._run(reports.model(self._patience, name))

    async def providers(self) -> tuple[Provider, ...]:
        return await self._run(reports.providers(self._patience))

    async def start_batch(
        self, file: Source, *, max_usd: str | None = None, max_in_flight: int | None = None
    ) -> Batch:
        """Start a batch from a JSONL or CSV file, or from the reference of one uploaded before."""
        return await self._run(
            reports.batch_started(
                self._patience, file, max_usd=max_usd, max_in_flight=max_in_flight
            )
        )

    async def batch(self, batch_id: str) -> Batch:
        return await self._run(reports.batch(self._patience, batch_id))

    async def batches(self) -> tuple[Batch, ...]:
        return await self._run(reports.batches(self._patience))

    def watch_batch(self, batch_id: str, *, timeout: float | None = None) -> AsyncIterator[Batch]:
        """Iterate over the batch's states until it is over. Raises StillRunning."""
        return self._given(reports.batch_watched(self._patience, batch_id, timeout=timeout))

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Ask the API for what has no method here; return the object that it answers with."""
        return await self._run(
            reports.anything(self._patience, method, path, body=body, query=query)
        )

    async def text(self, path: str) -> str:
        """Ask for what is no JSON, such as usage as CSV; return it as it comes."""
        return await self._run(reports.text(self._patience, path))
