"""Many at once. Only the embedded AWS decides races as AWS does."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest

from shared.adapters.dynamodb.books import DynamoAccounts
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.domain.errors import (
    AlreadyAdmitted,
    BudgetExceeded,
    Busy,
    RateLimited,
    TaskTaken,
    TooManyInFlight,
    VersionConflict,
)
from shared.domain.job import Job
from shared.domain.limits import Limits
from shared.ports.jobs import Admission, Idempotency
from shared.ports.media import Download
from tests.contract.aws import Aws
from tests.contract.samples import (
    KEY,
    MINUTE,
    NOW,
    a_held_job,
    a_job,
    a_large_png,
    claimed,
    finished,
    pieces,
    submitted,
)
from tests.contract.worlds import Table, dynamo_table, s3_buckets
from tests.pictures import a_png

pytestmark = pytest.mark.engine

WRITERS = 16
ROUNDS = 5


def at_once[T](*acts: Callable[[], T]) -> list[T]:
    """Let each act in a thread of its own, all in the same moment."""
    start = Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def wins[**P](write: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
    try:
        write(*args, **kwargs)
    except VersionConflict:
        return False
    return True


@pytest.fixture
def table(ministack: Aws) -> Table:
    return dynamo_table(ministack)


def test_of_all_who_add_an_id_one_wins(table: Table) -> None:
    for number in range(ROUNDS):
        offers = [a_job(number, dispatch_tries=writer) for writer in range(WRITERS)]

        won = at_once(*(partial(wins, table.jobs.add, offer) for offer in offers))

        assert won.count(True) == 1
        assert table.jobs.get(offers[0].id) == offers[won.index(True)]
    assert len(table.outbox.unpublished(before=NOW + 60 * MINUTE, limit=100)) == ROUNDS


@pytest.mark.parametrize("step", [claimed, submitted], ids=["silent", "announced"])
def test_of_all_who_save_over_a_version_one_wins(table: Table, step: Callable[[Job], Job]) -> None:
    job = a_job()
    table.jobs.add(job)
    if step is submitted:
        table.jobs.save(claimed(job), was=job)
        job = claimed(job)
    for _ in range(ROUNDS):
        offers = [replace(step(job), dispatch_tries=writer) for writer in range(WRITERS)]

        won = at_once(*(partial(wins, table.jobs.save, offer, was=job) for offer in offers))

        assert won.count(True) == 1
        winner = offers[won.index(True)]
        assert table.jobs.get(job.id) == winner
        job = replace(job, version=winner.version)


def test_who_reads_and_saves_again_until_it_works_loses_no_update(table: Table) -> None:
    job = a_job()
    table.jobs.add(job)

    def count_up() -> bool:
        for _ in range(10 * WRITERS):
            read = table.jobs.get(job.id)
            tries, version = read.dispatch_tries + 1, read.version + 1
            counted = replace(read, dispatch_tries=tries, version=version)
            if wins(table.jobs.save, counted, was=read):
                return True
        return False

    counted = at_once(*WRITERS * [count_up])

    assert all(counted)
    assert table.jobs.get(job.id).dispatch_tries == WRITERS


def test_of_fifty_with_one_idempotency_key_one_makes_a_job(table: Table) -> None:
    idempotency = Idempotency(key="key", fingerprint="request")

    def admit(number: int) -> str | None:
        answer = f"answer {number}"
        admission = Admission(
            idempotency=idempotency, answer=answer, expires_at=NOW + timedelta(days=1)
        )
        try:
            table.jobs.add(a_job(number), admission=admission)
        except AlreadyAdmitted as known:
            return known.answer
        except VersionConflict:  # at the same moment: whoever asks again hears the answer
            return "later"
        return answer

    answers = at_once(*(partial(admit, number) for number in range(50)))

    (made,) = table.jobs.newest("acme", limit=50, cursor=None).jobs
    (announced,) = table.outbox.unpublished(before=NOW + 60 * MINUTE, limit=50)
    told = set(answers) - {"later"}
    assert announced.subject == f"job#{made.id}"
    assert len(told) == 1
    assert told == {admit(60)}


def test_of_all_who_name_a_task_one_gets_it(table: Table) -> None:
    waiting = [claimed(a_job(number)) for number in range(WRITERS)]
    for job in waiting:
        table.jobs.add(job)

    def take(job: Job) -> bool:
        try:
            table.jobs.save(submitted(job, "task"), was=job)
        except (TaskTaken, VersionConflict):
            return False
        return True

    got = at_once(*(partial(take, job) for job in waiting))

    owners = [job for job in waiting if table.jobs.get(job.id).task_ids]
    assert got.count(True) == len(owners) == 1


def test_of_two_hundred_on_a_key_with_money_for_ten_ten_get_in(table: Table) -> None:
    limits = Limits(budget=350_000)

    def post(number: int) -> bool:
        try:
            table.jobs.add(a_held_job(number, limits=limits), limits=limits)
        except BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as threads:
        got = list(threads.map(post, range(200)))

    made = table.jobs.newest("acme", limit=100, cursor=None).jobs
    account = table.accounts.get({KEY: "2026-11"})[KEY]
    assert got.count(True) == len(made) == account.accepted == 10
    assert (account.reserved, account.spent, account.told) == (350_000, 0, 100)
    alarms = table.outbox.unpublished(before=NOW + timedelta(days=1), limit=100)
    told = sorted(one.id for one in alarms if one.type == "budget.threshold")
    assert told == sorted(f"evt_{KEY}.2026-11_{share}" for share in (50, 80, 100))


def test_sixteen_processes_that_remember_an_account_spend_no_cent_too_much(ministack: Aws) -> None:
    limits, name = Limits(budget=350_000), ministack.new_table()
    stores = [DynamoJobStore(ministack.dynamodb, table=name) for _ in range(WRITERS)]
    accounts = DynamoAccounts(ministack.dynamodb, table=name)

    def post(number: int) -> str:
        for _ in range(20):  # and come again when it is too crowded
            try:
                stores[number % WRITERS].add(a_held_job(number, limits=limits), limits=limits)
            except BudgetExceeded:
                return "refused"
            except Busy:
                continue
            return "in"
        return "never answered"

    with ThreadPoolExecutor(WRITERS) as threads:
        got = Counter(threads.map(post, range(200)))

    account = accounts.get({KEY: "2026-11"})[KEY]
    assert got == {"in": 10, "refused": 190}
    assert (account.accepted, account.reserved, account.told) == (10, 350_000, 100)


def test_of_all_who_come_in_one_second_as_many_get_in_as_the_rate_allows(table: Table) -> None:
    limits = Limits(rate=10, max_in_flight=7)

    def post(number: int) -> str:
        job = replace(a_held_job(number, limits=limits), created_at=NOW)
        try:
            table.jobs.add(job, limits=limits)
        except (RateLimited, TooManyInFlight) as refusal:
            return type(refusal).__name__
        return "in"

    with ThreadPoolExecutor(WRITERS) as threads:
        got = list(threads.map(post, range(50)))

    assert got.count("in") == 7
    assert "TooManyInFlight" in got


def test_all_who_settle_at_once_lose_no_cent(table: Table) -> None:
    limits = Limits(budget=10_000_000)
    sent = []
    for number in range(WRITERS):
        job = a_held_job(number, limits=limits)
        table.jobs.add(job, limits=limits)
        table.jobs.save(claimed(job), was=job)
        sent.append(submitted(claimed(job), f"task-{number}"))
        table.jobs.save(sent[-1], was=claimed(job))

    at_once(*(partial(table.jobs.save, finished(job), was=job) for job in sent))

    account = table.accounts.get({KEY: "2026-11"})[KEY]
    lines = table.usage_book.lines("acme", since=NOW.date(), until=NOW.date())
    assert (account.reserved, account.spent) == (0, WRITERS * 35_000)
    assert sum(counts["spent"] for _, counts in lines) == WRITERS * 35_000


def test_of_all_who_want_a_lease_one_gets_it(table: Table) -> None:
    owners = [f"owner-{number}" for number in range(WRITERS)]
    for number in range(ROUNDS):
        now = NOW + number * MINUTE
        until = now + timedelta(seconds=30)

        acquire = partial(table.leases.acquire, "watch", now=now, until=until)

        got = at_once(*(partial(acquire, owner=owner) for owner in owners))

        assert got.count(True) == 1
        assert acquire(owner=owners[got.index(True)])


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_all_who_store_an_image_hear_of_the_same_one(ministack: Aws, *, large: bool) -> None:
    buckets = s3_buckets(ministack)
    writers = 8
    if large:
        contents = [a_large_png(filling=f"{writer:08}".encode()) for writer in range(writers)]
    else:
        contents = [a_png(8, 6 + writer) for writer in range(writers)]

    store = partial(buckets.media.store, a_job().id, attempt=1, position=0)

    images = at_once(*(partial(store, download=Download(pieces(content))) for content in contents))

    ((key, stored),) = buckets.images().items()
    assert stored in contents
    assert set(images) == {images[0]}
    assert (images[0].key, images[0].bytes) == (key, len(stored))
    assert buckets.unfinished_uploads() == 0
