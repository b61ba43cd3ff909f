"""All use cases of a deployment."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.wiring.collecting import Collecting
from shared.wiring.intake import Intake
from shared.wiring.managing import Managing
from shared.wiring.publishing import Publishing

if TYPE_CHECKING:  # the names of what is returned
    from shared.usecases.watch_jobs import WatchJobs


class Service(Collecting, Managing, Intake, Publishing):
    """Each function has one, and builds of it what its events need."""

    # The watch goes on with what any other function left behind.
    @cached_property
    def watch_jobs(self) -> WatchJobs:
        from shared.usecases.watch_jobs import WatchJobs

        return WatchJobs(
            due_index=self.due_index,
            jobs=self.jobs,
            leases=self.leases,
            providers=self.providers,
            streams=self.streams,
            catalog=self.catalog,
            collect_queue=self.collect_queue,
            dispatch_queue=self.dispatch_queue,
            publish_events=self.publish_events,
            hand_out_deliveries=self.hand_out_deliveries,
            hand_out_batches=self.hand_out_batches,
            metrics=self.metrics,
            clock=self.clock,
        )
