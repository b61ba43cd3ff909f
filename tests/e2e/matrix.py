"""Where tests leave rows for the table that is printed at the end of a run."""

from typing import Final

import pytest

MATRIX: Final = pytest.StashKey[list[str]]()
