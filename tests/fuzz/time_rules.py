"""What happens by itself: messages arrive, the watch looks, time passes."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.fuzz.stage import Stage

seconds = st.sampled_from([0.01, 1, 20, 31, 61, 130, 900, 1801, 7200, 43_200, 90_000, 260_000])


class TimeRules(Stage):
    @rule(times=st.sampled_from([1, 1, 2]))
    def messages_arrive(self, times: int) -> None:
        """Each at least once; one whose work failed comes again."""
        self._deliver(self.service.to_dispatch, self._dispatch, times)
        self._deliver(self.service.to_collect, self._collect, times)

    @rule(seconds=st.sampled_from([1, 30, 120]))
    def the_watch_looks(self, seconds: int) -> None:
        self.service.watch_jobs(owner="watch", until=self.now + timedelta(seconds=seconds))

    @rule(seconds=seconds)
    def time_passes(self, seconds: float) -> None:
        self.service.time.sleep(seconds)

    @rule(seconds=st.sampled_from([1, 130, 1801]))
    def an_ordinary_while_passes(self, seconds: float) -> None:
        self.time_passes(seconds)
        self.the_watch_looks(60)
        self.messages_arrive(1)

    @rule(rounds=st.sampled_from([3, 12]))
    def workers_keep_up(self, rounds: int) -> None:
        """What the watch hands on is worked on within seconds, while all is as it was."""
        for _ in range(rounds):
            self.the_watch_looks(3)
            self.messages_arrive(1)

    @rule()
    def all_goes_well_for_a_while(self) -> None:
        self._all_is_well()
        self.an_ordinary_while_passes(130)
        self.theirs.finish_all()
        self.an_ordinary_while_passes(1)

    def _all_is_well(self) -> None:
        self.on_next_order = None
        self.theirs.heal()
