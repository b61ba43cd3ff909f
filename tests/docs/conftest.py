"""The stack that the README's commands are run against: as `make dev` starts it, but strict."""

from collections.abc import Iterator

import pytest

from local.stack import Stack, StackOptions, running_stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    options = StackOptions(port=0, latency=0, strict=True, environ={})
    with running_stack(options) as stack:
        yield stack
