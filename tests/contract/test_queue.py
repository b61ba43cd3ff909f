"""Messages between functions: what is sent is what is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.sqs import read_message, write_message
from shared.domain.ids import JobId, TaskId
from shared.ports.messages import TaskHint
from tests.contract.samples import a_job
from tests.contract.worlds import Mailbox

HINT = TaskHint(attempt=2, task_id=TaskId('täsk/"1"\0\ufffe🦊'))

hints = st.builds(TaskHint, attempt=st.integers(min_value=1), task_id=st.text().map(TaskId))


@pytest.mark.parametrize("hint", [None, HINT], ids=["bare", "hint"])
def test_a_message_is_read_as_it_was_sent(mailbox: Mailbox, hint: TaskHint | None) -> None:
    mailbox.queue.send(a_job().id, hint=hint)

    assert mailbox.received() == [(a_job().id, hint)]


def test_every_message_arrives(mailbox: Mailbox) -> None:
    ids = {a_job(number).id for number in range(12)}

    for job_id in ids:
        mailbox.queue.send(job_id)

    assert {job_id for job_id, _ in mailbox.received()} == ids


@given(job_id=st.text().map(JobId), hint=st.none() | hints)
def test_any_message_is_the_same_after_the_queue(job_id: JobId, hint: TaskHint | None) -> None:
    assert read_message(write_message(job_id, hint)) == (job_id, hint)


@given(job_id=st.text().map(JobId), hint=st.none() | hints)
def test_a_message_holds_no_character_that_a_queue_refuses(
    job_id: JobId, hint: TaskHint | None
) -> None:
    body = write_message(job_id, hint)

    assert body.isascii()
    assert body.isprintable()


def test_what_a_message_does_not_need_to_say_it_may_say() -> None:
    body = json.dumps({"job_id": "job_1", "attempt": 1, "task_id": "t", "later": [1]})

    assert read_message(body) == ("job_1", TaskHint(attempt=1, task_id=TaskId("t")))
