"""The real template.yaml on the embedded AWS, the real handlers, over HTTP.

Strict: the engine enforces the roles in the template, as AWS does.
"""

from collections.abc import Generator, Iterator

import pytest
from botocore.exceptions import BotoCoreError

from local.function_logs import complaints
from local.stack import Stack, StackOptions, running_stack
from tests.e2e.api import Api
from tests.e2e.matrix import MATRIX


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the matrix of providers, when it was played."""
    rows = config.stash.get(MATRIX, [])
    if rows:
        terminalreporter.section("every model, provider, delivery and mode")
        terminalreporter.write_line("\n".join(rows))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the functions logged: of a 500 the client sees only its id."""
    report = yield
    stack = item.funcargs.get("stack")
    if report.failed and isinstance(stack, Stack):
        report.sections.append(("the newest errors in the functions' logs", told_by(stack)))
    return report


def told_by(stack: Stack) -> str:
    try:
        return complaints(stack.engine)
    except BotoCoreError as exc:
        return f"the embedded AWS does not tell: {exc}\n{stack.engine.log_tail()}"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    options = StackOptions(port=0, latency=0, strict=True, environ={})
    with running_stack(options) as stack:
        yield stack


@pytest.fixture
def api(stack: Stack) -> Iterator[Api]:
    with Api(base_url=stack.api_url, key=stack.api_key) as api:
        yield api
