"""Waiting posts: one post at a time holds a job, and only that one may answer with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from botocore.stub import Stubber

from shared.adapters.dynamodb.transactions import TRIES
from shared.adapters.dynamodb.waiting_posts import DynamoWaitingPosts
from shared.domain.errors import Busy, VersionConflict
from shared.domain.waiting_post import WaitingPost
from shared.ports.jobs import JobStore
from shared.ports.waiting_posts import WaitingPosts
from tests.contract.aws import Aws
from tests.contract.samples import MINUTE, NOW, a_job

UNTIL = NOW + timedelta(seconds=27)


def a_post(number: int = 0, *, request: str = "digest", holder: str = "first") -> WaitingPost:
    job_id = a_job(number).id
    return WaitingPost(request=request, job_id=job_id, holder=holder, since=NOW, until=UNTIL)


def taken(post: WaitingPost, holder: str) -> WaitingPost:
    return post.held_by(holder, since=NOW + MINUTE, until=UNTIL + MINUTE)


def test_a_row_is_written_with_its_job(jobs: JobStore, waiting_posts: WaitingPosts) -> None:
    jobs.add(a_job(), waiting=a_post())

    assert list(waiting_posts.of_request("digest")) == [a_post()]


def test_each_request_has_rows_of_its_own(jobs: JobStore, waiting_posts: WaitingPosts) -> None:
    for number, request in enumerate(("digest", "other", "digest")):
        jobs.add(a_job(number), waiting=a_post(number, request=request))

    found = {post.job_id for post in waiting_posts.of_request("digest")}

    assert found == {a_job(0).id, a_job(2).id}
    assert not waiting_posts.of_request("none")


def test_one_of_two_posts_that_read_the_same_takes_the_job(
    jobs: JobStore, waiting_posts: WaitingPosts
) -> None:
    jobs.add(a_job(), waiting=a_post())

    assert waiting_posts.hold(taken(a_post(), "second"), was=a_post())

    assert not waiting_posts.hold(taken(a_post(), "third"), was=a_post())
    assert list(waiting_posts.of_request("digest")) == [taken(a_post(), "second")]


def test_taking_a_job_again_under_the_same_name_succeeds(
    jobs: JobStore, waiting_posts: WaitingPosts
) -> None:
    jobs.add(a_job(), waiting=a_post())

    for _ in range(2):  # the SDK repeats a write whose response was lost
        assert waiting_posts.hold(taken(a_post(), "second"), was=a_post())


def test_a_job_whose_lease_was_changed_is_not_as_it_was_read(
    jobs: JobStore, waiting_posts: WaitingPosts
) -> None:
    jobs.add(a_job(), waiting=a_post())
    waiting_posts.release(a_post().given_up(NOW))

    assert not waiting_posts.hold(taken(a_post(), "second"), was=a_post())
    assert waiting_posts.hold(taken(a_post(), "second"), was=a_post().given_up(NOW))


def test_a_job_that_was_answered_is_found_by_nobody(
    jobs: JobStore, waiting_posts: WaitingPosts
) -> None:
    jobs.add(a_job(), waiting=a_post())

    assert waiting_posts.answer(a_post())

    assert not waiting_posts.of_request("digest")
    assert not waiting_posts.hold(taken(a_post(), "second"), was=a_post())


def test_the_lease_is_ended_by_its_holder_alone(
    jobs: JobStore, waiting_posts: WaitingPosts
) -> None:
    jobs.add(a_job(), waiting=a_post())
    waiting_posts.hold(taken(a_post(), "second"), was=a_post())

    assert not waiting_posts.release(a_post().given_up(NOW))
    assert not waiting_posts.answer(a_post())

    (row,) = waiting_posts.of_request("digest")
    assert row.holder == "second"
    assert waiting_posts.release(row.given_up(NOW))
    (row,) = waiting_posts.of_request("digest")
    assert (row.released, row.until) == (True, NOW)


def test_a_row_that_is_not_there_can_be_neither_held_nor_released(
    waiting_posts: WaitingPosts,
) -> None:
    assert not waiting_posts.hold(taken(a_post(), "second"), was=a_post())
    assert not waiting_posts.release(a_post())
    assert not waiting_posts.answer(a_post())


def test_a_job_that_cannot_be_added_is_waited_for_by_nobody(
    jobs: JobStore, waiting_posts: WaitingPosts
) -> None:
    jobs.add(a_job())

    with pytest.raises(VersionConflict):
        jobs.add(a_job(), waiting=a_post())

    assert not waiting_posts.of_request("digest")


CONFLICT = {"CancellationReasons": [{"Code": "TransactionConflict"}]}


@contextmanager
def meeting_transactions(times: int, *, then: bool = True) -> Iterator[DynamoWaitingPosts]:
    """A table whose row is in another transaction so many times."""
    client = Aws().dynamodb
    with Stubber(client) as stubber:
        for _ in range(times):
            stubber.add_client_error("put_item", "TransactionConflictException")
        if then:
            stubber.add_response("put_item", {})
        yield DynamoWaitingPosts(client, table="table")


def test_a_row_that_is_being_answered_is_written_again() -> None:
    with meeting_transactions(2) as waiting_posts:
        assert waiting_posts.hold(taken(a_post(), "second"), was=a_post())
    with meeting_transactions(1) as waiting_posts:
        assert waiting_posts.release(a_post().given_up(NOW))


def test_a_row_that_is_never_free_is_told_so() -> None:
    with meeting_transactions(TRIES, then=False) as waiting_posts, pytest.raises(Busy):
        waiting_posts.release(a_post().given_up(NOW))


@pytest.mark.parametrize("conflicts", [1, TRIES])
def test_another_transaction_is_no_other_holder(conflicts: int) -> None:
    client = Aws().dynamodb
    with Stubber(client) as stubber:
        for _ in range(conflicts):
            stubber.add_client_error(
                "transact_write_items", "TransactionCanceledException", modeled_fields=CONFLICT
            )
        stubber.add_response("transact_write_items", {})
        waiting_posts = DynamoWaitingPosts(client, table="table")
        if conflicts < TRIES:
            assert waiting_posts.answer(a_post())
        else:
            with pytest.raises(Busy):
                waiting_posts.answer(a_post())
