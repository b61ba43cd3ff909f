"""Jobs: written whole or not at all, and never over what the writer has not read."""

import base64
from dataclasses import replace
from itertools import pairwise

import pytest

from shared.domain.errors import (
    ErrorCode,
    Fault,
    InvalidRequest,
    JobNotFound,
    VersionConflict,
)
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.domain.wanted import JobInput
from shared.ports.jobs import JobStore
from shared.ports.messages import Outbox
from tests.contract.samples import MINUTE, NOW, a_full_job, a_job, claimed, finished, submitted
from tests.contract.worlds import Table

ALL_DAY = NOW + 1440 * MINUTE
FAULT = Fault(code=ErrorCode.PROVIDER_TIMEOUT, message="30 minutes")


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def add_and_save(jobs: JobStore, *steps: Job) -> Job:
    jobs.add(steps[0])
    for was, job in pairwise(steps):
        jobs.save(job, was=was)
    return steps[-1]


def announced(outbox: Outbox) -> list[str]:
    return [event.type for event in outbox.unpublished(before=ALL_DAY, limit=100)]


class TestReadingWhatWasWritten:
    def test_an_added_job_is_read_as_it_was_added(self, jobs: JobStore) -> None:
        job = a_job()

        jobs.add(job)

        assert jobs.get(job.id) == job

    def test_many_are_read_at_once_and_what_is_not_there_is_left_out(self, table: Table) -> None:
        many = [replace(a_job(), id=JobId(f"job_{number:026}")) for number in range(101)]
        table.place(many)

        asked = [JobId(f"job_{number:026}") for number in (*range(110), 0, 0)]
        assert table.jobs.get_many(asked) == {job.id: job for job in many}
        assert table.jobs.get_many([]) == {}

    def test_a_saved_job_is_read_with_every_field(self, jobs: JobStore) -> None:
        was, job = a_job(), a_full_job()

        add_and_save(jobs, was, job)

        read = jobs.get(job.id)
        assert read == job
        assert str(read.estimated_usd) == "0.0700"
        assert [type(s.state) for s in read.submissions] == [type(s.state) for s in job.submissions]

    @pytest.mark.parametrize(
        "prompt",
        [
            "before\0after",
            "🦊👩‍👩‍👧‍👦🏳️‍🌈",
            "e\u0301 is not \u00e9",
            '{"a": "\\"}',
            "\u202e\ufeff\u2028\x7f\x1b",
            " spaces \r\n\t",
            5000 * "\U0001f98a",
            5000 * "\0",
        ],
        ids=["nul", "emoji", "combining", "json", "control", "spaces", "longest", "longest-nul"],
    )
    def test_any_prompt_comes_back_character_by_character(
        self, jobs: JobStore, prompt: str
    ) -> None:
        job = a_job(input=JobInput(prompt=prompt))

        jobs.add(job)

        assert jobs.get(job.id).input.prompt == prompt
        (listed,) = jobs.newest("acme", limit=1, cursor=None).jobs
        assert listed == job

    def test_an_unknown_id_is_no_job(self, jobs: JobStore) -> None:
        jobs.add(a_job(1))

        with pytest.raises(JobNotFound):
            jobs.get(a_job(2).id)


class TestAddingWithTheClaim:
    def test_it_lies_there_as_claimed_and_is_announced_as_it_was_before(
        self, jobs: JobStore, outbox: Outbox
    ) -> None:
        job = a_job()

        jobs.add(job, claimed=claimed(job))

        assert jobs.get(job.id) == claimed(job)
        assert announced(outbox) == ["job.accepted"]

    def test_it_is_the_version_to_go_on_from(self, jobs: JobStore) -> None:
        job = a_job()
        jobs.add(job, claimed=claimed(job))

        with pytest.raises(VersionConflict):
            jobs.save(claimed(job), was=job)
        jobs.save(submitted(claimed(job)), was=claimed(job))

        assert jobs.get(job.id) == submitted(claimed(job))

    def test_what_is_refused_leaves_no_claim(self, jobs: JobStore) -> None:
        job = a_job()
        jobs.add(job)

        with pytest.raises(VersionConflict):
            jobs.add(job, claimed=claimed(job))

        assert jobs.get(job.id) == job


class TestWritingOverWhatIsThere:
    def test_an_id_can_be_added_only_once(self, jobs: JobStore, outbox: Outbox) -> None:
        job = a_job()
        jobs.add(job)

        with pytest.raises(VersionConflict):
            jobs.add(replace(job, tenant="other", model="other"))

        assert jobs.get(job.id) == job
        assert announced(outbox) == ["job.accepted"]

    def test_a_job_that_was_never_added_cannot_be_saved(
        self, jobs: JobStore, outbox: Outbox
    ) -> None:
        was = claimed(a_job())

        with pytest.raises(VersionConflict):
            jobs.save(submitted(was), was=was)

        with pytest.raises(JobNotFound):
            jobs.get(was.id)
        assert announced(outbox) == []

    def test_the_second_writer_of_a_version_loses(self, jobs: JobStore, outbox: Outbox) -> None:
        read = a_job()
        ours, theirs = claimed(read), replace(claimed(read), dispatch_tries=7)
        jobs.add(read)

        jobs.save(theirs, was=read)
        with pytest.raises(VersionConflict):
            jobs.save(ours, was=read)

        assert jobs.get(read.id) == theirs
        assert announced(outbox) == ["job.accepted"]

    def test_a_lost_save_that_would_announce_changes_nothing_and_announces_nothing(
        self, jobs: JobStore, outbox: Outbox
    ) -> None:
        read = add_and_save(jobs, a_job(), claimed(a_job()))
        theirs = replace(read, version=read.version + 1, dispatch_tries=7)
        jobs.save(theirs, was=read)
        before = outbox.unpublished(before=ALL_DAY, limit=100)

        with pytest.raises(VersionConflict):
            jobs.save(submitted(read), was=read)

        assert jobs.get(read.id) == theirs
        assert outbox.unpublished(before=ALL_DAY, limit=100) == before

    def test_a_version_that_is_yet_to_come_is_not_current_either(self, jobs: JobStore) -> None:
        job = a_job()
        jobs.add(job)
        ahead = replace(job, version=2)

        with pytest.raises(VersionConflict):
            jobs.save(claimed(ahead), was=ahead)

        assert jobs.get(job.id) == job

    def test_saves_in_a_row_each_build_on_the_last(self, jobs: JobStore, outbox: Outbox) -> None:
        new = a_job()
        sent = submitted(claimed(new))

        last = add_and_save(jobs, new, claimed(new), sent, finished(sent))

        assert jobs.get(new.id) == last
        assert announced(outbox) == ["job.accepted", "job.submitted", "job.succeeded"]


class TestRemoving:
    def test_a_removed_job_is_nowhere_any_more(self, jobs: JobStore) -> None:
        jobs.add(a_job(0))
        jobs.add(a_job(1))

        jobs.remove(a_job(0))

        with pytest.raises(JobNotFound):
            jobs.get(a_job(0).id)
        assert jobs.newest("acme", limit=10, cursor=None).jobs == (a_job(1),)
        assert [due.id for due in jobs.due(before=ALL_DAY, limit=10)] == [a_job(1).id]

    def test_a_job_that_has_moved_is_not_removed(self, jobs: JobStore) -> None:
        moved = add_and_save(jobs, a_job(), claimed(a_job()))

        with pytest.raises(VersionConflict):
            jobs.remove(a_job())

        assert jobs.get(moved.id) == moved

    def test_who_still_holds_a_removed_job_cannot_bring_it_back(
        self, jobs: JobStore, outbox: Outbox
    ) -> None:
        job = claimed(a_job())
        add_and_save(jobs, a_job(), job)
        jobs.remove(job)

        with pytest.raises(VersionConflict):
            jobs.save(submitted(job), was=job)

        with pytest.raises(JobNotFound):
            jobs.get(job.id)
        assert announced(outbox) == []

    @pytest.mark.parametrize("twice", [False, True], ids=["never added", "removed before"])
    def test_what_is_not_there_cannot_be_removed(self, jobs: JobStore, *, twice: bool) -> None:
        if twice:
            jobs.add(a_job())
            jobs.remove(a_job())

        with pytest.raises((JobNotFound, VersionConflict)):
            jobs.remove(a_job())

    def test_a_removed_jobs_unpublished_events_go_with_it_and_no_others(
        self, jobs: JobStore, outbox: Outbox
    ) -> None:
        jobs.add(a_job())
        jobs.add(a_job(1))
        moved = submitted(add_and_save(jobs, a_job(2), claimed(a_job(2))))
        jobs.save(moved, was=claimed(a_job(2)))

        jobs.remove(a_job())
        jobs.remove(moved)

        left = outbox.unpublished(before=ALL_DAY, limit=100)
        assert [event.subject for event in left] == [f"job#{a_job(1).id}"]


class TestNewest:
    def test_jobs_are_listed_newest_first(self, jobs: JobStore) -> None:
        for number in (2, 0, 3, 1):
            jobs.add(a_job(number))

        page = jobs.newest("acme", limit=10, cursor=None)

        assert page.jobs == (a_job(3), a_job(2), a_job(1), a_job(0))
        assert page.cursor is None

    def test_pages_follow_each_other_without_gap_or_repetition(self, jobs: JobStore) -> None:
        for number in range(7):
            jobs.add(a_job(number))

        sizes, listed = walk(jobs, limit=3)

        assert listed == [a_job(number).id for number in reversed(range(7))]
        assert sizes[:3] == [3, 3, 1]

    def test_a_page_that_ends_with_the_last_job_leads_to_nothing_more(self, jobs: JobStore) -> None:
        for number in range(4):
            jobs.add(a_job(number))

        _, listed = walk(jobs, limit=2)

        assert listed == [a_job(number).id for number in reversed(range(4))]

    def test_jobs_added_meanwhile_do_not_shift_the_pages(self, jobs: JobStore) -> None:
        for number in range(4):
            jobs.add(a_job(number))
        first = jobs.newest("acme", limit=2, cursor=None)

        jobs.add(a_job(8))
        jobs.add(a_job(9))

        second = jobs.newest("acme", limit=2, cursor=first.cursor)
        assert [job.id for job in second.jobs] == [a_job(1).id, a_job(0).id]

    def test_jobs_that_go_or_change_meanwhile_do_not_shift_the_pages(self, jobs: JobStore) -> None:
        for number in range(6):
            jobs.add(a_job(number))
        first = jobs.newest("acme", limit=2, cursor=None)

        jobs.remove(a_job(4))  # where the cursor points to
        jobs.remove(a_job(3))
        jobs.save(claimed(a_job(1)), was=a_job(1))

        second = jobs.newest("acme", limit=2, cursor=first.cursor)
        third = jobs.newest("acme", limit=2, cursor=second.cursor)
        assert [job.id for job in second.jobs + third.jobs] == [a_job(n).id for n in (2, 1, 0)]

    def test_a_job_is_listed_as_last_saved(self, jobs: JobStore) -> None:
        saved = add_and_save(jobs, a_job(), claimed(a_job()))

        assert jobs.newest("acme", limit=10, cursor=None).jobs == (saved,)

    def test_jobs_too_large_for_one_answer_are_all_listed(self, jobs: JobStore) -> None:
        numbers = range(40)  # of 30 KB each; a table's answer has at most 1 MB
        for number in numbers:
            jobs.add(a_job(number, input=JobInput(prompt=5000 * "\0")))

        _, listed = walk(jobs, limit=100)

        assert listed == [a_job(number).id for number in reversed(numbers)]

    def test_a_tenant_sees_none_of_anothers_jobs(self, jobs: JobStore) -> None:
        jobs.add(a_job(1, tenant="acme"))
        jobs.add(a_job(2, tenant="acme-2"))
        jobs.add(a_job(3, tenant="acme"))

        assert walk(jobs, limit=1, tenant="acme")[1] == [a_job(3).id, a_job(1).id]
        assert walk(jobs, limit=1, tenant="acme-2")[1] == [a_job(2).id]
        assert walk(jobs, limit=1, tenant="nobody")[1] == []

    def test_a_cursor_of_another_tenant_shows_nothing_of_it(self, jobs: JobStore) -> None:
        for number in range(6):
            jobs.add(a_job(number, tenant="theirs" if number % 2 else "ours"))
        stolen = jobs.newest("theirs", limit=1, cursor=None).cursor

        page = jobs.newest("ours", limit=10, cursor=stolen)

        assert {job.tenant for job in page.jobs} == {"ours"}

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "garbage",
            "é🦊",
            "====",
            encoded("null"),
            encoded("job"),
            encoded(a_job().id[:-1]),
            encoded(f"{a_job().id}0"),
            encoded(f"{a_job().id}\n"),
            encoded(a_job().id.lower()),
            encoded(a_job().id[:-1] + "\0"),
            encoded(f'["{a_job().id}"]'),
            encoded("job_" + 3000 * "A"),
            base64.urlsafe_b64encode(b"\xff").decode(),
        ],
    )
    def test_a_cursor_that_is_none_is_the_callers_mistake(
        self, jobs: JobStore, cursor: str
    ) -> None:
        jobs.add(a_job())

        with pytest.raises(InvalidRequest) as refused:
            jobs.newest("acme", limit=10, cursor=cursor)

        assert [error.pointer for error in refused.value.errors] == ["?cursor"]


class TestDue:
    def test_only_jobs_whose_time_has_come_are_due_the_longest_first(self, jobs: JobStore) -> None:
        for number in (3, 1, 4, 0, 2):
            jobs.add(a_job(number))

        due = jobs.due(before=a_job(2).due_at or NOW, limit=10)

        assert [(job.id, job.due_at) for job in due] == [
            (a_job(number).id, a_job(number).due_at) for number in range(3)
        ]

    def test_a_limit_leaves_out_those_due_last(self, jobs: JobStore) -> None:
        for number in reversed(range(20)):
            jobs.add(a_job(number))

        due = jobs.due(before=ALL_DAY, limit=5)

        assert [job.id for job in due] == [a_job(number).id for number in range(5)]

    def test_without_a_limit_all_that_are_due_are_given(self, table: Table) -> None:
        table.place(a_job(number) for number in reversed(range(60)))

        due = table.jobs.due(before=a_job(49).due_at or NOW)

        assert [job.id for job in due] == [a_job(number).id for number in range(50)]

    def test_a_microsecond_decides(self, jobs: JobStore) -> None:
        at = NOW.replace(microsecond=1)
        jobs.add(a_job(due_at=at))

        assert not jobs.due(before=at.replace(microsecond=0), limit=1)
        assert jobs.due(before=at, limit=1)

    def test_a_finished_job_is_never_due_again(self, jobs: JobStore) -> None:
        sent = submitted(claimed(a_job()))
        add_and_save(jobs, a_job(), claimed(a_job()), sent, finished(sent))

        assert not jobs.due(before=ALL_DAY, limit=10)

    def test_a_job_put_off_is_due_at_its_new_time_only(self, jobs: JobStore) -> None:
        was = a_job()
        later = replace(was, version=2, due_at=NOW + 60 * MINUTE)
        add_and_save(jobs, was, later)

        assert not jobs.due(before=NOW + 59 * MINUTE, limit=10)
        assert [job.due_at for job in jobs.due(before=ALL_DAY, limit=10)] == [later.due_at]

    def test_a_job_that_waits_to_be_sent_says_so(self, jobs: JobStore) -> None:
        jobs.add(a_job(provider="oxen", model="seedream-5"))

        (due,) = jobs.due(before=ALL_DAY, limit=1)

        assert due.model == "seedream-5"
        assert due.unsent
        assert due.tasks == ()

    def test_a_claimed_job_has_nothing_to_send_and_no_tasks(self, jobs: JobStore) -> None:
        add_and_save(jobs, a_job(), claimed(a_job()))

        (due,) = jobs.due(before=ALL_DAY, limit=1)

        assert not due.unsent
        assert due.tasks == ()

    def test_a_submitted_job_names_all_of_its_tasks(self, jobs: JobStore) -> None:
        was = a_job(input=JobInput(prompt="a fox", n=2))
        claim = claimed(was, per_submission=1)
        add_and_save(jobs, was, claim, submitted(claim, "täsk/1", "2"))

        (due,) = jobs.due(before=ALL_DAY, limit=1)

        assert not due.unsent
        assert due.tasks == (("apixo", "täsk/1"), ("apixo", "2"))

    def test_a_job_that_is_over_is_due_while_a_submission_may_bring_images(
        self, jobs: JobStore
    ) -> None:
        was = a_job(input=JobInput(prompt="a fox", n=3))
        claim = claimed(was, per_submission=1)
        sent = submitted(claim, "1", "2", "3")
        settled = sent.submissions[0].settled(faults=(), charged=None, at=NOW)
        given_up = sent.submissions[1].abandoned(FAULT)
        over = sent.settled([settled, given_up], [], at=NOW, check_at=NOW + MINUTE).cancelled(NOW)
        over = replace(over, version=sent.version + 1)
        add_and_save(jobs, was, claim, sent, over)

        (due,) = jobs.due(before=ALL_DAY, limit=1)

        assert (due.tasks, due.unsent) == ((("apixo", "2"), ("apixo", "3")), False)

    def test_a_job_is_waited_for_since_the_latest_of_its_submissions_was_sent(
        self, jobs: JobStore
    ) -> None:
        new = a_job(input=JobInput(prompt="a fox", n=2))
        claim = claimed(new, per_submission=1)
        at = NOW + 7 * MINUTE
        sent = [replace(s, sent_at=at - n * MINUTE) for n, s in enumerate(claim.submissions)]
        add_and_save(jobs, new, replace(claim, submissions=tuple(sent)))
        jobs.add(replace(a_job(1), opened_at=NOW + 3 * MINUTE))

        since = {due.id: due.since for due in jobs.due(before=ALL_DAY, limit=2)}

        assert since == {new.id: at, a_job(1).id: NOW + 3 * MINUTE}

    def test_jobs_of_all_tenants_are_due(self, jobs: JobStore) -> None:
        jobs.add(a_job(1, tenant="acme"))
        jobs.add(a_job(2, tenant="other"))

        assert len(jobs.due(before=ALL_DAY, limit=10)) == 2


def walk(jobs: JobStore, *, limit: int, tenant: str = "acme") -> tuple[list[int], list[JobId]]:
    """Follow the cursors to the end; return the size of each page and all ids."""
    sizes, listed, cursor = [], [], None
    for _ in range(20):
        page = jobs.newest(tenant, limit=limit, cursor=cursor)
        sizes.append(len(page.jobs))
        listed += [job.id for job in page.jobs]
        cursor = page.cursor
        if cursor is None:
            return sizes, listed
    raise AssertionError(f"the pages never end: {sizes}")
