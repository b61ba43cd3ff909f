"""Metrics as lines of the function's log, in CloudWatch's embedded format: no call, no client."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from shared.domain.measurement import UNITS, Measurement
from shared.ports.runtime import Clock

NAMESPACE: Final = "Seedhook"


class EmfMetrics:
    def __init__(
        self,
        *,
        stage: str,
        clock: Clock,
        write: Callable[[str], object] | None = None,
    ) -> None:
        self._stage = stage
        self._clock = clock
        self._write = write

    def __call__(self, measurements: Iterable[Measurement]) -> None:
        write = self._write or sys.stdout.write  # whatever that is by now
        for one in measurements:
            line = json.dumps(self._document(one), separators=(",", ":"))
            write(f"{line}\n")

    def _document(self, one: Measurement) -> Mapping[str, Any]:
        dimensions = {"Stage": self._stage, **one.dimensions}
        told = {"Name": one.metric, "Unit": UNITS[one.metric]}
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [list(dimensions)],
            "Metrics": [told],
        }
        milliseconds = int(self._clock.now().timestamp() * 1000)
        return {
            "_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": [directive]},
            **one.about,
            **dimensions,
            one.metric: one.value,
        }
