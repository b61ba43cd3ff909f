"""Functions give way to the engine: on AWS a table shares no processor with them.

Twenty that start at once would leave the engine a twentieth of the machine, and wait in vain for
its answers. This source becomes part of the engine's program, so it imports nothing of ours.
"""

import os
import subprocess
from typing import Any

_BEHIND = 5


class GivingWay(subprocess.Popen[Any]):
    """A process that gets a third of what its parent gets, when both want all there is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, self.pid, ours + _BEHIND)
