"""Places at a provider: how many jobs may be in flight there at once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.domain.ids import JobId
from shared.domain.status import ATTEMPT_PATIENCE

# By then an attempt is over: whoever still has a place was not there to give it back.
PLACE_LIFE: Final = ATTEMPT_PATIENCE + timedelta(minutes=5)


def overstayed(taken: Mapping[JobId, datetime], now: datetime) -> dict[JobId, datetime]:
    """Return the places that count no longer."""
    return {job_id: at for job_id, at in taken.items() if at <= now - PLACE_LIFE}
