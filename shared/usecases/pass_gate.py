"""Pass a job through the gate of its provider, or of the next one that would take it."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.failover import leg_after
from shared.domain.job import Job
from shared.usecases.provider_gate import ProviderGate


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The job as it may go out; or, if `wait_until` is set, when to try again."""

    job: Job
    wait_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassGate:
    gate: ProviderGate

    def is_wide_open(self, job: Job) -> bool:
        """Tell whether the job may go to its provider as it is, and nobody has to know."""
        return self.gate.is_wide_open(job.provider, job.model)

    def __call__(self, job: Job, now: datetime) -> Passed:
        """Prefer waiting for nobody: what this provider will not take now, the next one may."""
        first = self.gate.enter(job.id, job.provider, job.model)
        if first.wait_until is None:
            return Passed(job=job)
        waits, why = [first.wait_until], first.why
        leg = leg_after(job.route, job.provider) if job.may_change_provider else None
        while leg:
            verdict = self.gate.enter(job.id, leg.provider, job.model)
            if verdict.wait_until is None:
                decision = f"{leg.provider} by {leg.delivery}: {why}"
                return Passed(job=job.sidestepped(now, leg, decision))
            waits.append(verdict.wait_until)
            leg = leg_after(job.route, leg.provider)
        return Passed(job=job, wait_until=min(waits))
