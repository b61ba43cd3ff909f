"""Which program is run with which scenario, and what must come of it."""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

type Address = Literal["api_url", "openai_url"]

HERE: Final = Path(__file__).parent
ENVIRONMENTS: Final = Path(".venv-clients")
_OLDEST_NODE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One run of a program. The defaults are those of one image that one call asks for."""

    program: str
    name: str
    command: tuple[str, ...]
    address: Address = "api_url"
    calls: int = 1  # made at once by one run of the program
    processes: int = 1  # runs of the program at once
    images: int = 1  # that each call asks for
    needs_node: bool = False

    @property
    def id(self) -> str:
        return f"{self.program} | {self.name}"

    @property
    def prompt(self) -> str:
        """Found in the posts, the jobs and the ledger: no prompt is a part of another."""
        return f"clients: {self.program}, {self.name}."

    @property
    def jobs(self) -> int:
        return self.calls * self.processes

    @property
    def pictures(self) -> int:
        return self.jobs * self.images


@cache
def has_node() -> bool:
    """Tell whether the Node programs can run here: the Makefile asks the same."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.removeprefix("v").split(".")[0]) >= _OLDEST_NODE


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    name: str
    command: tuple[str, ...]
    needs_node: bool = False

    def scenario(self, name: str, **what: Any) -> Scenario:
        command = (*self.command, name)
        return Scenario(
            program=self.name, name=name, command=command, needs_node=self.needs_node, **what
        )

    def generations(self) -> tuple[Scenario, ...]:
        return self.scenario("generate"), self.scenario("three at once", calls=3)

    def waiting(self, name: str) -> Scenario:
        """Return a scenario for the address that answers only when the job has ended."""
        return self.scenario(name, address="openai_url")


def _python(name: str, environment: str, script: str) -> Program:
    interpreter = ENVIRONMENTS / environment / "bin" / "python"
    return Program(name=name, command=(str(interpreter), str(HERE / "programs" / script)))


def _node(name: str, script: str, package: str) -> Program:
    command = ("node", str(HERE / "node" / script), package)
    return Program(name=name, command=command, needs_node=True)


_OPENAI = _python("openai Python", "openai", "openai_python.py")
_OPENAI_OLD = _python("openai Python 1.30", "openai-old", "openai_python.py")
_LITELLM = _python("LiteLLM SDK", "litellm", "litellm_sdk.py")
_NPM = _node("openai npm", "openai.mjs", "openai")
_NPM_OLD = _node("openai npm 4.60", "openai.mjs", "openai-old")
_AI_OPENAI = _node("@ai-sdk/openai", "ai.mjs", "@ai-sdk/openai")
_AI_COMPATIBLE = _node("@ai-sdk/openai-compatible", "ai.mjs", "@ai-sdk/openai-compatible")
_CURL = ("sh", str(HERE / "programs" / "curl.sh"))
_CURL_RETRY = Program(name="curl --retry 3", command=_CURL)
_CURL_ONCE = Program(name="curl", command=_CURL)

SCENARIOS: Final = (
    *_OPENAI.generations(),
    _OPENAI.scenario("edit"),
    *_OPENAI_OLD.generations(),
    _OPENAI_OLD.scenario("edit"),
    *_LITELLM.generations(),
    _LITELLM.scenario("edit by router"),
    _LITELLM.waiting("edit"),  # without its router it never repeats an edit
    *_NPM.generations(),
    _NPM.scenario("edit"),
    _NPM.waiting("edit of a stream"),  # which can be sent only once
    *_NPM_OLD.generations(),
    _NPM_OLD.waiting("edit"),  # it repeats an edit without its body, and hangs
    *_AI_OPENAI.generations(),
    _AI_OPENAI.scenario("edit"),
    _AI_OPENAI.scenario("n=3", calls=3),  # a call for each image
    *_AI_COMPATIBLE.generations(),
    _AI_COMPATIBLE.scenario("edit"),
    _AI_COMPATIBLE.scenario("n=3", images=3),  # one call for all images
    _CURL_RETRY.scenario("generate"),
    _CURL_RETRY.scenario("three at once", processes=3),
    _CURL_RETRY.scenario("edit"),
    _CURL_ONCE.waiting("single post"),
)
