"""What a caller is told when AWS itself does not serve: come again, and nobody is to blame."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.outages import outage_of
from tests.http_events import Answer
from tests.memory_service import MemoryService
from tests.unit.functions.calling import post
from tests.unit.functions.front_door import FOX, FrontDoor

SOME_JOB = "/v1/jobs/job_00000000000000000000000000"
A_FOX = {"model": "seedream-4.5", "prompt": "a fox in watercolor"}
TOO_MUCH = ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"]


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


def dynamodb(port: int = 9) -> Any:
    return boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        endpoint_url=f"http://127.0.0.1:{port}",
        config=Config(read_timeout=0.05, retries={"total_max_attempts": 1}, proxies={}),
    )


@contextmanager
def at_a_port(*, listens: bool) -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if listens:
            taken.listen()
        yield taken.getsockname()[1]


def asked(door: FrontDoor, client: Any, method: str = "GET", path: str = SOME_JOB) -> Answer:
    key = door.make_key()["key"]
    door.service.jobs = DynamoJobStore(client, table="table")
    return door.call(method, path, FOX if method == "POST" else None, key=key)


def is_come_again(answer: Answer) -> bool:
    told = answer.json
    whose = (told["code"], told["who"], told["retryable"])
    header = answer.headers["retry-after"]
    return (answer.status, header, whose) == (503, "2", ("unavailable", "seedhook", True))


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("listens", [False, True], ids=["nobody is there", "nobody answers"])
def test_a_table_out_of_reach_is_told_as_503(door: FrontDoor, *, listens: bool) -> None:
    with at_a_port(listens=listens) as port:
        assert is_come_again(asked(door, dynamodb(port)))
        assert is_come_again(asked(door, dynamodb(port), "POST", "/v1/jobs"))


@pytest.mark.parametrize(
    ("code", "status"), [*((code, 400) for code in TOO_MUCH), ("InternalServerError", 500)]
)
def test_and_so_is_one_that_is_asked_too_much_or_fails(
    door: FrontDoor, code: str, status: int
) -> None:
    client = dynamodb()
    with Stubber(client) as stubber:
        stubber.add_client_error("get_item", code, http_status_code=status)
        assert is_come_again(asked(door, client))


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_write_cancelled_for_want_of_room_is_no_fault_of_ours(reason: str) -> None:
    response: Any = {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": "None"}, {"Code": reason}],
    }

    assert outage_of(ClientError(response, "TransactWriteItems"))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_what_we_are_refused_is_a_fault_of_ours(door: FrontDoor, code: str) -> None:
    client = dynamodb()
    with Stubber(client) as stubber:
        stubber.add_client_error("get_item", code, http_status_code=400)
        answer = asked(door, client)

    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert "retry-after" not in answer.headers


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_programs_written_for_openai_hear_it_in_their_words(service: MemoryService) -> None:
    key = service.issue_key(tenant="default", name="test").text
    with at_a_port(listens=False) as port:
        service.jobs = DynamoJobStore(dynamodb(port), table="table")
        answer = post(service, "/v1/images/generations", A_FOX, key=key)

    assert (answer.status, answer.json["error"]["type"]) == (503, "server_error")
