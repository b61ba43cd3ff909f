"""How many calls of AWS an answer takes: few, and no more of them when much is stored."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from functions.manage.handler import create_app as manage_app
from functions.submit.handler import create_app as submit_app
from shared.adapters.dynamodb.books import DynamoAccounts, DynamoUsageBook
from shared.adapters.dynamodb.breakers import DynamoBreakers
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.keys import DynamoApiKeys
from shared.adapters.sqs import SqsQueue
from shared.domain.api_key import Terms
from shared.domain.limits import Limits
from tests.contract.aws import Aws
from tests.contract.engines import REAL_ENGINES
from tests.contract.samples import a_job
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import ADMIN_KEY, NOW, MemoryService

pytestmark = pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)

MOST = 3
MOST_AT_FIRST = 4
PARTS = 4  # in which a row of usage lies
FOX = {"model": "seedream-4.5", "prompt": "a fox that counts"}
FREE = Terms()
BOUND = Terms(limits=Limits(budget=50_000_000, rate=100, max_in_flight=100))
WAYS: dict[str, dict[str, Any]] = {
    "callback": {"provider": "apixo", "delivery": "callback"},
    "poll": {"provider": "apixo", "delivery": "poll"},
    "sync": {"provider": "aimlapi", "delivery": "sync"},
    "several": {"provider": "apixo", "n": 10},
}


class Counted:
    """The service with its state on AWS; each call there is written down by its name."""

    def __init__(self, aws: Aws) -> None:
        self.calls: list[str] = []
        self.service = service = MemoryService()
        self._aws = aws
        self._table = table = aws.new_table()
        service.jobs = DynamoJobStore(aws.dynamodb, table=table)
        service.api_keys = DynamoApiKeys(aws.dynamodb, table=table)
        service.breakers = DynamoBreakers(aws.dynamodb, table=table)
        service.accounts = DynamoAccounts(aws.dynamodb, table=table)
        service.usage_book = DynamoUsageBook(aws.dynamodb, table=table)
        service.dispatch_queue = SqsQueue(aws.sqs, url=aws.new_queue())
        service.wake_watch = lambda: self.calls.append("Invoke")
        self._apps = {"POST": submit_app(service), "GET": manage_app(service)}

    def key(self, terms: Terms = FREE) -> str:
        return self.service.issue_key(tenant="acme", name="counted", terms=terms).text

    def ask(self, method: str, path: str, *, key: str, **parts: Any) -> list[str]:
        """Return the calls that an answer took."""
        self.calls.clear()
        headers = parts.pop("headers", {})
        event = http_event(method, path, key=key, **parts)
        event["headers"] |= headers
        answer = Answer.of(self._apps[method].resolve(event, AnyContext()))
        assert answer.status in {200, 202}, answer.body
        return list(self.calls)

    def post(self, *, key: str, name: str | None = None, **wish: Any) -> list[str]:
        headers = {"idempotency-key": name} if name else {}
        return self.ask("POST", "/v1/jobs", key=key, body=json.dumps(FOX | wish), headers=headers)

    def store(self, numbers: range) -> None:
        self._aws.place_jobs(self._table, map(a_job, numbers))

    def end(self, numbers: range) -> None:
        """Add jobs that are over, and so are counted."""
        for number in numbers:
            job = a_job(number, tags=("one", "two"))
            self.service.jobs.add(job.cancelled(job.created_at))


@pytest.fixture
def counted(aws: Aws) -> Iterator[Counted]:
    counted = Counted(aws)
    with calls_of(aws, counted.calls):
        yield counted


@contextmanager
def calls_of(aws: Aws, calls: list[str]) -> Iterator[None]:
    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    events = [client.meta.events for client in (aws.dynamodb, aws.sqs, aws.s3)]
    for one in events:
        one.register("before-call", note)
    yield
    for one in events:
        one.unregister("before-call", note)


@pytest.mark.parametrize("terms", [FREE, BOUND], ids=["free", "bound"])
@pytest.mark.parametrize("way", WAYS)
def test_a_request_for_a_job_takes_three_calls_at_most(
    counted: Counted, terms: Terms, way: str
) -> None:
    key = counted.key(terms)
    counted.post(key=key, **WAYS[way])  # from now on the process knows key, breakers and account

    calls = [counted.post(key=key, name=name, **WAYS[way]) for name in (None, "a", "b")]

    assert all(0 < len(one) <= MOST for one in calls), calls


@pytest.mark.parametrize("terms", [FREE, BOUND], ids=["free", "bound"])
def test_a_process_that_knows_nothing_admits_a_job_with_four_calls(
    counted: Counted, terms: Terms
) -> None:
    calls = counted.post(key=counted.key(terms), name="first", provider="apixo")

    admitted = calls.index("TransactWriteItems") + 1
    assert admitted <= MOST_AT_FIRST, calls


def test_a_repeated_request_is_answered_with_two_calls(counted: Counted) -> None:
    key = counted.key(BOUND)
    counted.post(key=key, name="again", provider="apixo")

    calls = counted.post(key=key, name="again", provider="apixo")

    assert calls == ["TransactWriteItems", "GetItem"]


@pytest.mark.parametrize(
    "query",
    [{}, {"limit": "5"}, {"since": "2026-11-20T12:00:00Z"}, {"status": "queued"}, {"tag": "none"}],
    ids=str,
)
def test_a_page_of_jobs_takes_as_many_calls_however_many_there_are(
    counted: Counted, query: dict[str, str]
) -> None:
    key = counted.key()
    counted.ask("GET", "/v1/jobs", key=key)

    counted.store(range(120))
    few = counted.ask("GET", "/v1/jobs", key=key, query=query)
    counted.store(range(120, 560))
    many = counted.ask("GET", "/v1/jobs", key=key, query=query)

    assert set(few) | set(many) == {"Query"}
    assert len(many) <= (5 if {"status", "tag"} & query.keys() else 1)


def test_usage_takes_one_call_of_few_rows_however_many_jobs_there_are(counted: Counted) -> None:
    key, today = counted.key(), NOW.date()
    counted.ask("GET", "/v1/jobs", key=key)

    counted.end(range(40))

    for group_by in ("day", "model", "provider", "key", "tag"):
        calls = counted.ask("GET", "/v1/usage", key=key, query={"group_by": group_by})
        assert calls == ["Query"]
    for tagged, lines in ((False, 1), (True, 2)):
        rows = counted.service.usage_book.lines("acme", since=today, until=today, tagged=tagged)
        assert len(list(rows)) <= PARTS * lines


def test_the_list_of_keys_takes_one_call_for_keys_accounts_and_each_tenant(
    counted: Counted,
) -> None:
    for terms in (FREE, FREE, BOUND, BOUND):
        counted.key(terms)
    counted.end(range(40))

    calls = counted.ask("GET", "/v1/keys", key=ADMIN_KEY)

    assert sorted(calls) == ["BatchGetItem", "Query", "Query"]
