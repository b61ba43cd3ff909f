"""Jobs, events and keys as items: what goes in comes out, and it always fits."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.dynamodb.items import (
    event_item,
    job_item,
    key_item,
    read_due,
    read_event,
    read_job,
    read_key,
)
from shared.domain.api_key import ApiKey
from shared.domain.errors import ErrorCode, Fault
from shared.domain.events import Event, announcement
from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.domain.job_facts import TimelineEntry
from shared.domain.retention import KEPT, Retention
from shared.domain.status import JobStatus
from shared.domain.submission import Attempt, Submission, SubmissionState
from shared.domain.wanted import JobInput
from tests.contract.samples import NOW, a_job, claimed, finished, submitted

_LONGEST_ITEM: Final = 400 * 1024
_LONGEST_PUT_EVENTS: Final = 256 * 1024
_EVENTS_AT_ONCE: Final = 10

A_WEEK: Final = Retention(record_days=7)

ids = st.text(min_size=1, max_size=40)
counts = st.integers(min_value=0, max_value=2**31)
moments = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001  # hypothesis adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
)
spans = st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=7))
amounts = st.decimals(allow_nan=False, allow_infinity=False)
faults = st.builds(Fault, code=st.sampled_from(ErrorCode), message=st.text())
submissions = st.builds(
    Submission,
    attempt=counts,
    number=counts,
    first_position=counts,
    images_asked=counts,
    fingerprint=st.text(),
    state=st.sampled_from(SubmissionState),
    given_up=st.booleans(),
    task_ids=st.lists(ids, max_size=3).map(tuple),
    sent_at=st.none() | moments,
    settled_at=st.none() | moments,
    store_tries=counts,
    charged_usd=st.none() | amounts,
    faults=st.lists(faults, max_size=2).map(tuple),
)
inputs = st.builds(
    JobInput,
    prompt=st.text(),
    images=st.lists(st.text(), max_size=3).map(tuple),
    seed=st.none() | st.integers(min_value=-(2**63), max_value=2**63 - 1),
    size=st.none() | st.text(),
    watermark=st.none() | st.booleans(),
)
images = st.builds(
    StoredImage,
    index=counts,
    attempt=counts,
    position=counts,
    key=st.text(),
    content_type=st.text(),
    bytes=counts,
    width=counts,
    height=counts,
    sha256=st.text(),
    verified=st.none() | st.booleans(),
    placeholder=st.none() | st.text(),
)
attempts = st.builds(
    Attempt,
    number=counts,
    provider=st.text(),
    delivery=st.text(),
    started_at=moments,
    decision=st.none() | st.text(),
)
entries = st.builds(
    TimelineEntry, at=moments, status=st.sampled_from(JobStatus), note=st.none() | st.text()
)
jobs = st.builds(
    Job,
    id=ids.map("job_{}".format),
    tenant=ids,
    key_id=ids,
    status=st.sampled_from(JobStatus),
    model=ids,
    provider=ids,
    delivery=st.text(),
    sandbox=st.booleans(),
    input=inputs,
    on_unknown=st.sampled_from(["fail", "retry"]),
    start_within=st.none() | spans,
    finish_within=spans,
    images=st.lists(images, max_size=3).map(tuple),
    attempts=st.lists(attempts, max_size=2).map(tuple),
    submissions=st.lists(submissions, max_size=3).map(tuple),
    dispatch_tries=counts,
    error=st.none() | faults,
    estimated_usd=st.none() | amounts,
    late=st.booleans(),
    metadata=st.dictionaries(st.text(), st.text(), max_size=3),
    tags=st.lists(st.text(), max_size=3).map(tuple),
    version=st.integers(min_value=1, max_value=2**31),
    created_at=moments,
    opened_at=moments,
    updated_at=moments,
    completed_at=st.none() | moments,
    due_at=st.none() | moments,
    timeline=st.lists(entries, max_size=3).map(tuple),
)


@given(jobs)
@settings(deadline=None, max_examples=100)
def test_any_job_is_the_same_after_the_table(job: Job) -> None:
    read = read_job(job_item(job))

    assert read == job
    assert repr(read.estimated_usd) == repr(job.estimated_usd)


@given(jobs)
@settings(deadline=None, max_examples=50)
def test_a_job_with_a_due_time_is_due_then_and_no_other_is(job: Job) -> None:
    item = job_item(job)

    assert ("due_at" in item) == ("due_shard" in item) == (job.due_at is not None)
    if job.due_at:
        assert (read_due(item).id, read_due(item).due_at) == (job.id, job.due_at)


def test_a_job_that_was_written_before_there_were_previews_is_read() -> None:
    job = finished(submitted(claimed(a_job())))
    item = job_item(job)
    document = json.loads(item["document"]["S"])
    for image in document["images"]:
        del image["verified"], image["placeholder"]
    item["document"]["S"] = json.dumps(document)

    read = read_job(item)

    assert [(image.verified, image.placeholder) for image in read.images] == [(None, None)]
    assert read.unseen_images == read.images


@given(jobs)
@settings(deadline=None, max_examples=50)
def test_any_event_is_the_same_after_the_table(job: Job) -> None:
    event = announced(job)

    assert read_event(event_item(event)) == event


@given(
    st.builds(
        ApiKey,
        id=ids,
        tenant=st.text(),
        name=st.text(),
        secret_hash=st.text(),
        webhook_secret=st.text(),
        created_at=moments,
    )
)
@settings(deadline=None, max_examples=50)
def test_any_key_is_the_same_after_the_table(key: ApiKey) -> None:
    assert read_key(key_item(key)) == key


def test_the_largest_job_takes_a_third_of_what_an_item_may_take() -> None:
    for character in ("\U0001f98a", "\0"):  # four bytes; one that JSON writes as six
        job = largest_job(character)

        assert read_job(job_item(job)) == job
        assert size(job_item(job)) < _LONGEST_ITEM / 3
        assert size(event_item(announced(job))) < _LONGEST_ITEM / 3


def test_the_largest_events_fit_together_into_one_call_to_the_bus() -> None:
    for character in ("\U0001f98a", "\0"):
        event = announced(largest_job(character))

        assert _EVENTS_AT_ONCE * (len(event.detail) + 100) < _LONGEST_PUT_EVENTS


def largest_job(character: str) -> Job:
    """As large as a request and ten images make it, after five tries in vain."""
    wanted = JobInput(
        prompt=5000 * character,
        images=tuple(f"https://example.com/{number}?{2000 * 'x'}" for number in range(14)),
        n=10,
    )
    new = a_job(
        input=wanted,
        metadata={f"{number:040}": 200 * character for number in range(5)},
        tags=tuple(f"{number:0128}" for number in range(16)),
    )
    done = finished(submitted(claimed(new, per_submission=1), *map("{:0128}".format, range(10))))
    fault = Fault(code=ErrorCode.PROVIDER_REJECTED, message=500 * character)
    return replace(
        done,
        error=fault,
        submissions=tuple(replace(s, faults=(fault,)) for s in done.submissions),
        timeline=done.timeline + 10 * (TimelineEntry(at=NOW, status=done.status, note=80 * "n"),),
    )


def announced(job: Job) -> Event:
    event = announcement(job, was=None)
    assert event
    return event


def size(item: dict[str, Any]) -> int:
    """Count as DynamoDB does: names and values in UTF-8."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "L":
            return 3 + sum(1 + _value_size(one) for one in content)
        case "BOOL":
            return 1
        case _:
            return len(content.encode())


def test_the_table_forgets_a_record_days_after_all_is_over_and_not_before() -> None:
    sent = submitted(claimed(a_job(retention=A_WEEK)))
    over = replace(finished(sent), due_at=None)
    followed = replace(over, due_at=NOW)

    assert "expires_at" not in job_item(sent)
    assert "expires_at" not in job_item(followed)
    assert job_item(over)["expires_at"] == {
        "N": str(int((over.updated_at + timedelta(days=7)).timestamp()))
    }
    assert "expires_at" not in job_item(replace(over, retention=KEPT))
