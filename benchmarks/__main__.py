"""`make bench`: everything that has a bar, in one run, into benchmarks/results.md.

Says which line misses its bar and ends with 1 if one does. The largest numbers of stored jobs come
last, and are left out where the machine has been too slow so far to be done in ten minutes.
"""

import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks import callback_cpu, cold_start, flight, images, scale, work

_MOST_SECONDS: Final = 570.0  # the run has ten minutes
RESULTS: Final = Path(__file__).with_name("results.md")
_TOOLS: Final = ("aws-lambda-powertools", "botocore", "pydantic", "httpx")
_HEAD: Final = """# Benchmark results

`make bench` wrote this on {day}, in {seconds:.0f} s, on {cores} cores ({machine}), Python {python},
{tools}. What each figure is, and how it is taken, is said in the docstring of its module.
"""


def head(seconds: float) -> str:
    tools = ", ".join(f"{name} {version(name)}" for name in _TOOLS)
    return _HEAD.format(
        day=datetime.now(UTC).date(),
        seconds=seconds,
        cores=os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
        tools=tools,
    )


def main() -> int:
    begun = time.monotonic()
    tables = []
    for part in (callback_cpu, cold_start, images, work, flight):
        tables.append(part.report())
        print(f"{tables[-1]}\n", flush=True)
    tables.append(scale.report(until=begun + _MOST_SECONDS))
    print(f"{tables[-1]}\n", flush=True)
    missed = [line for table in tables for line in table.missed]
    verdict = "\n".join(f"* missed: {line}" for line in missed) or "Every bar is held."
    parts = [head(time.monotonic() - begun), verdict, *map(str, tables)]
    RESULTS.write_text("\n\n".join(part.strip() for part in parts) + "\n")
    print(verdict)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
