"""How long tests wait for what other programs do.

Such a wait ends when the thing happens. Its limit costs nothing while all is well, so it is meant
for a machine that is busy with other work.
"""

import time
from collections.abc import Iterator
from typing import Final

PATIENCE_SECONDS: Final = 300


def looks() -> Iterator[None]:
    """Yield for each look at what others do, until patience has run out."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield
