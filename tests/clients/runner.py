"""Runs a scenario's program against the stack, and gathers what the user asked, paid and got."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx

from local.stack import Stack
from tests.clients.counting_proxy import CountingProxy, Post
from tests.clients.scenarios import Scenario
from tests.e2e.api import Api

_PROGRAM_SECONDS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    scenario: Scenario
    posts: list[Post]
    jobs: list[dict[str, Any]]
    submissions: list[dict[str, Any]]
    pictures: list[str]  # the SHA-256 of each picture that the program got
    stderr: str

    def __str__(self) -> str:
        counts = (self.posts, self.jobs, self.submissions, self.pictures)
        return " | ".join([self.scenario.id, *(str(len(items)) for items in counts)])

    @property
    def stored(self) -> list[str]:
        """Return the SHA-256 of every image in the jobs' records."""
        return [image["sha256"] for job in self.jobs for image in job["images"]]

    @property
    def delivered(self) -> list[str]:
        """Return the job of each post that was answered with pictures."""
        return [post.job_id or "none" for post in self.posts if post.is_delivered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A stack behind one counting proxy for each of its addresses."""

    stack: Stack
    proxies: Mapping[str, CountingProxy]
    folder: Path
    picture: Path

    def run(self, scenario: Scenario) -> Outcome:
        assert shutil.which(scenario.command[0]), "`make tests/clients` installs the programs"
        assert scenario.address in self.proxies, f"the stack has no {scenario.address}"
        proxy = self.proxies[scenario.address]
        with ThreadPoolExecutor(scenario.processes) as pool:
            runs = list(pool.map(lambda _: self._run(scenario, proxy), range(scenario.processes)))
        return Outcome(
            scenario=scenario,
            posts=proxy.posts_with(scenario.prompt),
            jobs=self._jobs(scenario),
            submissions=self._submissions(scenario),
            pictures=[digest for run in runs for digest in _pictures(run)],
            stderr="\n".join(run.stderr for run in runs),
        )

    def _run(self, scenario: Scenario, proxy: CountingProxy) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "OPENAI_BASE_URL": proxy.base_url,
            "OPENAI_API_KEY": self.stack.api_key,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it asks a server for its prices
        }
        return subprocess.run(
            [*scenario.command, scenario.prompt, str(self.picture)],
            env=environ,
            capture_output=True,
            text=True,
            timeout=_PROGRAM_SECONDS,
            check=False,
        )

    def _jobs(self, scenario: Scenario) -> list[dict[str, Any]]:
        """Return the jobs of this scenario, each when it has ended."""
        with Api(base_url=self.stack.api_url, key=self.stack.api_key) as api:
            return [api.finished(job["id"]) for job in _all_jobs(api) if _is_of(job, scenario)]

    def _submissions(self, scenario: Scenario) -> list[dict[str, Any]]:
        books = httpx.get(f"{self.stack.sandbox_url}/ledger", trust_env=False).json()
        rows = [row for provider in books.values() for row in provider]
        return [row for row in rows if scenario.prompt in str(row["request"])]


def _all_jobs(api: Api) -> Iterator[dict[str, Any]]:
    position: dict[str, str] = {}
    while True:
        page = api.get("/v1/jobs", params={"limit": 100, **position}).json()
        yield from page["data"]
        if "cursor" not in page:
            return
        position = {"cursor": page["cursor"]}


def _is_of(job: dict[str, Any], scenario: Scenario) -> bool:
    return job["input"]["prompt"] == scenario.prompt


def _pictures(run: subprocess.CompletedProcess[str]) -> list[str]:
    if run.returncode:
        return []
    return [_digest(item) for item in json.loads(run.stdout)["data"]]


def _digest(item: dict[str, str | None]) -> str:
    """Return the SHA-256 of a picture that came as data, by link, or as both."""
    forms = []
    if data := item.get("b64_json"):
        forms.append(base64.b64decode(data))
    if url := item.get("url"):
        forms.append(httpx.get(url, trust_env=False).raise_for_status().content)
    (digest,) = {sha256(content).hexdigest() for content in forms}
    return digest
