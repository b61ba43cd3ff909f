"""Callers, moody providers, queues, the watch and time, in any order: the rules of the game."""

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, invariant, rule

from shared.domain.errors import SubmissionError
from shared.domain.reports import TaskState
from tests.fuzz.caller_rules import CallerRules, callers, of_many_requests, served_by_three
from tests.fuzz.promises import Document, Expected
from tests.fuzz.provider_rules import ProviderRules, answers
from tests.fuzz.stage import jobs
from tests.fuzz.time_rules import TimeRules

_DAY: Final = timedelta(days=1)
_MOST_GUESSES: Final = 2


class PublicApi(CallerRules, ProviderRules, TimeRules):
    """All of them together, and what holds after each step."""

    @rule(
        target=jobs,
        caller=callers,
        body=served_by_three | of_many_requests,
        told=answers,
        rounds=st.sampled_from([1, 5, 5]),
    )
    def a_job_finds_its_first_provider_in_trouble(
        self, caller: int, body: Document, told: list[SubmissionError | None], rounds: int
    ) -> Expected | MultipleResults[Expected]:
        ways = self.routes.open_to(body)
        self.theirs.will_answer([way.provider for way in ways[:1]], told)
        job = self.submit(caller, body, forced=False)
        self.messages_arrive(1)
        self.workers_keep_up(rounds)
        return job

    # What always holds.

    @invariant()
    def every_list_is_whole_and_every_job_keeps_its_promises(self) -> None:
        self.tally.steps += 1
        for caller in (0, 2):
            for shown in self._listed(caller, limit=100):
                job = next(job for job in self.expected if job.id == shown["id"])
                job.show(shown, now=self.now)
                job.check_ledger(all_served=not self.has_lost_files)

    @invariant()
    def no_task_is_in_two_jobs(self) -> None:
        tasks = [
            (attempt["provider"], task_id)
            for job in self.expected
            for attempt in job.shown["attempts"]
            for task_id in attempt["task_ids"]
        ]
        assert len(tasks) == len(set(tasks))

    @invariant()
    def no_image_is_paid_for_twice_unless_asked(self) -> None:
        """At all providers together; what surely came to nothing is not paid."""
        for job in self.expected:
            guesses = _MOST_GUESSES if job.journey.on_unknown == "retry" else 0
            consents = 1 + job.retries + guesses
            assert self.theirs.taken(job.id) <= job.shown["requested_images"] * consents

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        assert self.theirs.complaints == []

    def teardown(self) -> None:
        """Whatever has happened: every job ends, once the provider is well again."""
        self._all_is_well()
        self._live_through(60, 120, 901, 901, 1801, 1801)
        if not self.has_lost_files:
            self._check_all_are_over()
        self._live_through(21_600)  # what is old is looked at ever less often
        if not self.has_lost_files:
            self._check_all_is_kept()
        self._live_through(64_801, 90_001)  # links are tried for most of a day
        self._check_all_are_over()
        assert not self.service.to_collect.messages
        self.tally.failovers += sum(job.journey.failovers for job in self.expected)

    def _live_through(self, *waits: int) -> None:
        for wait in waits:
            self.theirs.finish_all()
            self.an_ordinary_while_passes(wait)

    def _check_all_is_kept(self) -> None:
        """What is not too old is in the job, even if the job had long been over."""
        self.every_list_is_whole_and_every_job_keeps_its_promises()
        for job in self.expected:
            if not job.is_deleted and self.now < self.ordered.get(job.id, self.now) + _DAY:
                known = {
                    (attempt["provider"], task_id)
                    for attempt in job.shown["attempts"]
                    for task_id in attempt["task_ids"]
                }
                tasks = self.theirs.tasks(job_id=job.id, state=TaskState.SUCCEEDED)
                made = sum(len(t.result_urls) for p, i, t in tasks if (p.name, i) in known)
                assert job.shown["delivered_images"] == made, "paid for, and not kept"

    def _check_all_are_over(self) -> None:
        self.every_list_is_whole_and_every_job_keeps_its_promises()
        left = [job.id for job in self.expected if not job.is_over and not job.is_deleted]
        assert left == [], "these go on for ever"
