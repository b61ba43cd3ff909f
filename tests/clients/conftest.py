"""Programs that nobody here wrote, against the real stack.

A post waits four seconds and an image takes at least 4.1. So every program has to post again, and
the three posts that most programs make by default are enough.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

import pytest

from local.stack import Stack, StackOptions, running_stack
from tests.clients.counting_proxy import counting_proxy
from tests.clients.runner import Outcome, Runner
from tests.clients.scenarios import Scenario, has_node
from tests.e2e.api import Api
from tests.e2e.conftest import pytest_runtest_makereport
from tests.pictures import a_png

__all__ = ["pytest_runtest_makereport"]  # shows with a failure what the functions logged

OUTCOMES: Final = pytest.StashKey[dict[str, Outcome]]()
_SIDE_BY_SIDE: Final = 4
_HEAD: Final = "program | scenario | posts | jobs | submissions | pictures"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what each program posted, paid and got."""
    outcomes = config.stash.get(OUTCOMES, {})
    if outcomes:
        terminalreporter.section("pay once, whatever the client")
        terminalreporter.write_line("\n".join([_HEAD, *map(str, outcomes.values())]))
        if not has_node():
            terminalreporter.write_line("Left out: the Node programs. They need Node 20 and npm.")


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """Install what is missing. A make that runs these tests is no part of this one."""
    environ = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    make = shutil.which("make")
    assert make, "the programs are installed by make"
    subprocess.run([make, "--silent", "clients"], check=True, env=environ)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    environ = {"SEEDHOOK_ANSWER_SECONDS": "4"}
    with running_stack(StackOptions(port=0, latency=0.165, strict=True, environ=environ)) as stack:
        _start_functions(stack)
        yield stack


def _start_functions(stack: Stack) -> None:
    """Play several jobs at once, so that no scenario waits for its functions to start."""
    with Api(base_url=stack.api_url, key=stack.api_key) as api, ThreadPoolExecutor() as pool:
        bodies = [{"model": "seedream-4.5", "prompt": f"start {number}"} for number in range(6)]
        answers = pool.map(lambda body: api.post("/v1/images/generations", json=body), bodies)
        for answer in list(answers):
            api.finished(answer.headers["x-seedhook-job-id"])


@pytest.fixture(scope="session")
def runner(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("clients")
    picture = folder / "room.png"
    picture.write_bytes(a_png(64, 48))
    upstreams = {"api_url": f"{stack.api_url}/v1", "openai_url": stack.openai_url}
    with ExitStack() as started:
        proxies = {
            address: started.enter_context(counting_proxy(upstream))
            for address, upstream in upstreams.items()
            if upstream
        }
        yield Runner(stack=stack, proxies=proxies, folder=folder, picture=picture)


@pytest.fixture(scope="session")
def futures(
    request: pytest.FixtureRequest, runner: Runner
) -> Iterator[Mapping[str, Future[Outcome]]]:
    """Start the scenarios of all selected tests. Side by side, because they mostly wait."""
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        scenarios = dict.fromkeys(_selected(request.session.items))
        yield {scenario.id: pool.submit(runner.run, scenario) for scenario in scenarios}
        pool.shutdown(cancel_futures=True)


def _selected(items: list[pytest.Item]) -> Iterator[Scenario]:
    for item in items:
        is_skipped = any(mark.args[0] for mark in item.iter_markers("skipif"))
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and not is_skipped:
            scenario = item.callspec.params.get("scenario")
            if isinstance(scenario, Scenario):
                yield scenario


@pytest.fixture
def outcome_of(
    futures: Mapping[str, Future[Outcome]], pytestconfig: pytest.Config
) -> Callable[[Scenario], Outcome]:
    def outcome_of(scenario: Scenario) -> Outcome:
        outcome = futures[scenario.id].result()
        pytestconfig.stash.setdefault(OUTCOMES, {})[scenario.id] = outcome
        return outcome

    return outcome_of
