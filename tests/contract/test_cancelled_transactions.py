"""What DynamoDB says when it cancels a write of job and event, as no engine says it."""

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.domain.errors import VersionConflict
from tests.contract.aws import Aws
from tests.contract.samples import a_job


def add_with(*reasons: str) -> None:
    """Add a job to a table that cancels with these reasons, for the job and for the event."""
    client = Aws().dynamodb
    fields = {"CancellationReasons": [{"Code": reason} for reason in reasons]}
    with Stubber(client) as stubber:
        stubber.add_client_error(
            "transact_write_items", "TransactionCanceledException", modeled_fields=fields
        )
        DynamoJobStore(client, table="table").add(a_job())


@pytest.mark.parametrize("reason", ["ConditionalCheckFailed", "TransactionConflict"])
def test_who_meets_another_writer_has_lost(reason: str) -> None:
    with pytest.raises(VersionConflict):
        add_with(reason, "None")


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_table_too_busy_to_write_is_no_conflict(reason: str) -> None:
    with pytest.raises(ClientError):
        add_with("None", reason)
