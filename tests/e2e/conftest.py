"""The real template.yaml on the embedded AWS, the real handlers, over HTTP.

Strict: the engine enforces the roles in the template, as AWS does.
"""

from collections.abc import Iterator

import pytest

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


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    options = StackOptions(port=0, latency=0, strict=True, environ={})
    with running_stack(options) as stack:
        yield stack


@pytest.fixture
def api(stack: Stack) -> Iterator[Api]:
    with Api(base_url=stack.api_url, key=stack.api_key) as api:
        yield api
