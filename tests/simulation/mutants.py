"""Planted bugs: our own rules broken one at a time. The simulation must catch every one."""

from typing import Final

from tests.simulation.collecting_mutants import BROKEN_COLLECTING
from tests.simulation.deleting_mutants import BROKEN_DELETING
from tests.simulation.ending_mutants import BROKEN_ENDINGS
from tests.simulation.money_mutants import BROKEN_MONEY
from tests.simulation.posting_mutants import BROKEN_POSTS
from tests.simulation.sending_mutants import BROKEN_SENDING
from tests.simulation.watch_mutants import BROKEN_WATCH
from tests.simulation.webhook_mutants import BROKEN_DELIVERIES

# In the order of a job's life, as docs/reliability.md lists them.
MUTANTS: Final = (
    *BROKEN_SENDING,
    *BROKEN_POSTS,
    *BROKEN_MONEY,
    *BROKEN_COLLECTING,
    *BROKEN_ENDINGS,
    *BROKEN_WATCH,
    *BROKEN_DELIVERIES,
    *BROKEN_DELETING,
)
