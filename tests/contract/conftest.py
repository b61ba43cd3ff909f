"""Every rule runs in memory, on moto (in process) and on the embedded AWS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from moto import mock_aws

from local.engine import Engine
from local.ports import LOOPBACK
from shared.ports.callbacks import CallbackArchive
from shared.ports.gates import Breakers, Leases, Places
from shared.ports.intake import Batches
from shared.ports.jobs import DueIndex, JobStore
from shared.ports.keys import Accounts, ApiKeys, UsageBook
from shared.ports.media import MediaStore
from shared.ports.messages import Outbox
from shared.ports.uploads import Uploads
from shared.ports.waiting_posts import WaitingPosts
from shared.ports.webhooks import Deliveries, Webhooks
from tests.contract.aws import Aws
from tests.contract.engines import DIFFERENCES, ENGINES
from tests.contract.worlds import (
    Broadcast,
    Buckets,
    Dropping,
    Mailbox,
    Table,
    dynamo_table,
    eventbridge_broadcast,
    memory_broadcast,
    memory_buckets,
    memory_dropping,
    memory_mailbox,
    memory_table,
    s3_buckets,
    s3_dropping,
    sqs_mailbox,
)
from tests.engine import embedded_aws

_HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep every test on this machine, and expect each known difference, strictly.

    An engine that is mended fails its test, so that the difference is struck off.
    """
    known = {(one.engine, one.rule): one.why for one in DIFFERENCES}
    for item in items:
        if not item.path.is_relative_to(_HERE):
            continue
        item.add_marker(pytest.mark.allow_hosts([LOOPBACK]))
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            engine = str(item.callspec.params.get("aws"))
            why = known.get((engine, item.originalname))
            if why:
                item.add_marker(pytest.mark.xfail(reason=f"{engine}: {why}", strict=True))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with embedded_aws(tmp_path_factory.mktemp("engine")) as running:
        yield running


@pytest.fixture(scope="module", params=ENGINES)
def aws(request: pytest.FixtureRequest) -> Iterator[Aws | None]:
    """None: the port's adapter in memory."""
    if request.param == "memory":
        yield None
    elif request.param == "moto":
        with mock_aws():
            yield Aws()
    else:
        yield Aws(request.getfixturevalue("engine").url)


@pytest.fixture(scope="module")
def ministack(engine: Engine) -> Aws:
    """For what only the embedded AWS can show: races, and links that open."""
    return Aws(engine.url)


@pytest.fixture
def table(aws: Aws | None) -> Table:
    return dynamo_table(aws) if aws else memory_table()


@pytest.fixture
def jobs(table: Table) -> JobStore:
    return table.jobs


@pytest.fixture
def outbox(table: Table) -> Outbox:
    return table.outbox


@pytest.fixture
def due_index(table: Table) -> DueIndex:
    return table.due_index


@pytest.fixture
def waiting_posts(table: Table) -> WaitingPosts:
    return table.waiting_posts


@pytest.fixture
def api_keys(table: Table) -> ApiKeys:
    return table.api_keys


@pytest.fixture
def leases(table: Table) -> Leases:
    return table.leases


@pytest.fixture
def breakers(table: Table) -> Breakers:
    return table.breakers


@pytest.fixture
def batches(table: Table) -> Batches:
    return table.batches


@pytest.fixture
def places(table: Table) -> Places:
    return table.places


@pytest.fixture
def accounts(table: Table) -> Accounts:
    return table.accounts


@pytest.fixture
def usage_book(table: Table) -> UsageBook:
    return table.usage_book


@pytest.fixture
def webhooks(table: Table) -> Webhooks:
    return table.webhooks


@pytest.fixture
def deliveries(table: Table) -> Deliveries:
    return table.deliveries


@pytest.fixture
def buckets(aws: Aws | None) -> Buckets:
    return s3_buckets(aws) if aws else memory_buckets()


@pytest.fixture
def media(buckets: Buckets) -> MediaStore:
    return buckets.media


@pytest.fixture
def uploads(buckets: Buckets) -> Uploads:
    return buckets.uploads


@pytest.fixture
def archive(buckets: Buckets) -> CallbackArchive:
    return buckets.archive


@pytest.fixture
def dropping(aws: Aws | None) -> Dropping:
    return s3_dropping(aws) if aws else memory_dropping()


@pytest.fixture
def mailbox(aws: Aws | None) -> Mailbox:
    return sqs_mailbox(aws) if aws else memory_mailbox()


@pytest.fixture
def broadcast(aws: Aws | None) -> Broadcast:
    return eventbridge_broadcast(aws) if aws else memory_broadcast()
