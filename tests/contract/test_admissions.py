"""Idempotency keys: one of them makes one job, for as long as it is remembered."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.domain.errors import AlreadyAdmitted, JobNotFound, VersionConflict
from shared.domain.job import Job
from shared.ports.jobs import Admission, Idempotency, JobStore
from shared.ports.messages import Outbox
from tests.contract.samples import MINUTE, NOW, a_job

DAY = timedelta(days=1)
ALL_DAYS = NOW + 10 * DAY
ANSWER = '{"id":"job_1","prompt":"naïve 🦊 \\u0000"}'


def an_admission(
    *,
    key: str = "key",
    fingerprint: str = "request",
    answer: str = ANSWER,
    expires_at: datetime = NOW + DAY,
) -> Admission:
    idempotency = Idempotency(key=key, fingerprint=fingerprint)
    return Admission(
        idempotency=idempotency,
        answer=answer,
        expires_at=expires_at,
    )


def announced(outbox: Outbox) -> list[str]:
    return [event.subject for event in outbox.unpublished(before=ALL_DAYS, limit=100)]


def test_a_key_that_has_made_a_job_makes_no_other_and_tells_the_first_answer(
    jobs: JobStore, outbox: Outbox
) -> None:
    jobs.add(a_job(), admission=an_admission())
    again = an_admission(fingerprint="another request", answer="another answer")

    with pytest.raises(AlreadyAdmitted) as known:
        jobs.add(a_job(1), admission=again)

    assert (known.value.fingerprint, known.value.answer) == ("request", ANSWER)
    assert jobs.newest("acme", limit=10, cursor=None).jobs == (a_job(),)
    assert announced(outbox) == [f"job#{a_job().id}"]
    with pytest.raises(JobNotFound):
        jobs.get(a_job(1).id)


def test_however_often_a_key_comes_its_first_answer_is_told(jobs: JobStore) -> None:
    jobs.add(a_job(), admission=an_admission())

    for number in range(1, 4):
        with pytest.raises(AlreadyAdmitted) as known:
            jobs.add(a_job(number), admission=an_admission(answer=f"answer {number}"))

        assert known.value.answer == ANSWER


class TestRemoving:
    def test_the_answer_goes_with_the_job_and_the_key_stays_known(self, jobs: JobStore) -> None:
        job = admitted(jobs, an_admission())

        jobs.remove(job)

        with pytest.raises(AlreadyAdmitted) as known:
            jobs.add(a_job(1), admission=an_admission())
        assert (known.value.fingerprint, known.value.answer) == ("request", None)
        assert stored_ids(jobs) == []

    def test_the_key_is_free_when_it_would_have_been(self, jobs: JobStore) -> None:
        jobs.remove(admitted(jobs, an_admission(expires_at=NOW + DAY)))
        late = replace(a_job(1), created_at=NOW + DAY, admission_key="key")

        jobs.add(late, admission=an_admission(answer="anew", expires_at=NOW + 2 * DAY))

        known = jobs.admitted(an_admission().idempotency, now=NOW + DAY)
        assert known
        assert known.answer == "anew"

    def test_a_job_of_before_its_key_was_noted_is_removed_alone(self, jobs: JobStore) -> None:
        jobs.add(a_job(), admission=an_admission())

        jobs.remove(a_job())

        known = jobs.admitted(an_admission().idempotency, now=NOW)
        assert known
        assert known.answer == ANSWER

    def test_a_job_whose_key_stands_for_another_by_now_leaves_it_alone(
        self, jobs: JobStore
    ) -> None:
        first = admitted(jobs, an_admission(answer="first", expires_at=NOW))
        admitted(jobs, an_admission(answer="second"), number=1)

        jobs.remove(first)

        known = jobs.admitted(an_admission().idempotency, now=NOW)
        assert known
        assert known.answer == "second"

    def test_a_job_that_has_moved_keeps_its_answer(self, jobs: JobStore) -> None:
        job = admitted(jobs, an_admission())

        with pytest.raises(VersionConflict):
            jobs.remove(replace(job, version=2))

        known = jobs.admitted(an_admission().idempotency, now=NOW)
        assert known
        assert known.answer == ANSWER


def admitted(jobs: JobStore, admission: Admission, *, number: int = 0) -> Job:
    job = replace(a_job(number), admission_key=admission.idempotency.key)
    jobs.add(job, admission=admission)
    return job


def stored_ids(jobs: JobStore) -> list[str]:
    return [job.id for job in jobs.newest("acme", limit=10, cursor=None).jobs]


def test_the_longest_answer_comes_back_to_the_last_byte(jobs: JobStore) -> None:
    answer = 40_000 * "🦊\0"
    jobs.add(a_job(), admission=an_admission(answer=answer))

    with pytest.raises(AlreadyAdmitted) as known:
        jobs.add(a_job(1), admission=an_admission())

    assert known.value.answer == answer


def test_other_keys_and_requests_without_one_are_independent(jobs: JobStore) -> None:
    jobs.add(a_job(0), admission=an_admission(key="one"))
    jobs.add(a_job(1), admission=an_admission(key="other"))
    jobs.add(a_job(2))
    jobs.add(a_job(3))

    assert len(jobs.newest("acme", limit=10, cursor=None).jobs) == 4


def test_a_key_can_be_used_again_from_the_second_it_expires(jobs: JobStore) -> None:
    expiry = (NOW + DAY).replace(microsecond=0)
    jobs.add(a_job(), admission=an_admission(expires_at=expiry))
    early = replace(a_job(1), created_at=expiry - timedelta(seconds=1))
    late = replace(a_job(2), created_at=expiry)
    renewed = an_admission(fingerprint="second", answer="second", expires_at=expiry + DAY)

    with pytest.raises(AlreadyAdmitted):
        jobs.add(early, admission=renewed)
    jobs.add(late, admission=renewed)

    assert jobs.get(late.id) == late
    with pytest.raises(AlreadyAdmitted) as known:
        jobs.add(replace(a_job(3), created_at=expiry + MINUTE), admission=an_admission())
    assert known.value.answer == "second"


def test_a_job_that_cannot_be_added_uses_up_no_key(jobs: JobStore) -> None:
    jobs.add(a_job())

    with pytest.raises(VersionConflict):
        jobs.add(a_job(), admission=an_admission())

    jobs.add(a_job(1), admission=an_admission())
    assert jobs.get(a_job(1).id) == a_job(1)
