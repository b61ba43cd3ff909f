"""The address that a provider calls back: it names the attempt, and a token proves it is ours."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.domain.callback_token import CallbackTarget, sign
from shared.domain.job import Job
from shared.domain.offers import Offer
from shared.ports.callback_keys import CallbackKeySource
from shared.ports.providers import Accesses
from shared.ports.runtime import Clock

_LIFE: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackUrls:
    accesses: Accesses
    signing_keys: CallbackKeySource
    clock: Clock

    def __call__(self, job: Job, offer: Offer) -> str | None:
        """Return the address for the latest attempt; None where nobody could call it."""
        base = self.accesses[job.provider].callback_base
        if base is None or "callback" not in offer.deliveries:
            return None
        attempt = len(job.attempts)
        target = CallbackTarget(provider=job.provider, job_id=job.id, attempt=attempt)
        token = sign(target, keys=self.signing_keys(), expires=self.clock.now() + _LIFE)
        return f"{base}/v1/callbacks/{job.provider}/{job.id}/{attempt}/{token}"
