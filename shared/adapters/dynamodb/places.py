"""Places in DynamoDB: one item per provider, a map from each job to when it took its place."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.dynamodb.items import places_key, read_places, text_of, wire
from shared.domain.ids import JobId
from shared.domain.places import overstayed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# An expression has at most 4 KB; the rest goes when the next place is wanted.
_DROPPED_AT_ONCE: Final = 50


class DynamoPlaces:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table
        self._refused = client.exceptions.ConditionalCheckFailedException

    def take(self, provider: str, job_id: JobId, *, limit: int, now: datetime) -> bool:
        """One call; three when it finds a place that nobody gave back."""
        holders = self._holders_unless_taken(provider, job_id, limit, now)
        if holders is None:
            return True
        stale = overstayed(holders, now)
        if holders and not stale:
            return False
        if stale:
            self._drop(provider, dict(islice(stale.items(), _DROPPED_AT_ONCE)))
        else:
            self._create(provider)
        return self._holders_unless_taken(provider, job_id, limit, now) is None

    def release(self, provider: str, job_id: JobId) -> None:
        with suppress(self._refused):
            self._client.update_item(
                TableName=self._table,
                Key=wire(places_key(provider)),
                UpdateExpression="REMOVE taken.#job",
                ConditionExpression="attribute_exists(taken.#job)",
                ExpressionAttributeNames={"#job": job_id},
            )

    def taken(self, provider: str) -> Mapping[JobId, datetime]:
        key = wire(places_key(provider))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return read_places(answer["Item"]) if "Item" in answer else {}

    def _holders_unless_taken(
        self, provider: str, job_id: JobId, limit: int, now: datetime
    ) -> Mapping[JobId, datetime] | None:
        """Take a place; when there is none, return who has them: the refusal tells."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=wire(places_key(provider)),
                UpdateExpression="SET taken.#job = :now",
                ConditionExpression=(
                    "attribute_exists(taken) AND"
                    " (attribute_exists(taken.#job) OR size(taken) < :limit)"
                ),
                ExpressionAttributeNames={"#job": job_id},
                ExpressionAttributeValues=wire({":now": text_of(now), ":limit": limit}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._refused as exc:
            item: Any = exc.response.get("Item")
            return read_places(item) if item else {}
        return None

    def _create(self, provider: str) -> None:
        """A job cannot be set in a map that is not there."""
        with suppress(self._refused):
            self._client.put_item(
                TableName=self._table,
                Item=wire(places_key(provider) | {"taken": {}}),
                ConditionExpression="attribute_not_exists(pk)",
            )

    def _drop(self, provider: str, stale: Mapping[JobId, datetime]) -> None:
        """Nothing goes when one of them has come back meanwhile."""
        numbered = list(enumerate(stale.items()))
        with suppress(self._refused):
            self._client.update_item(
                TableName=self._table,
                Key=wire(places_key(provider)),
                UpdateExpression="REMOVE " + ", ".join(f"taken.#job{n}" for n, _ in numbered),
                ConditionExpression=" AND ".join(f"taken.#job{n} = :at{n}" for n, _ in numbered),
                ExpressionAttributeNames={f"#job{n}": job_id for n, (job_id, _) in numbered},
                ExpressionAttributeValues=wire({f":at{n}": text_of(at) for n, (_, at) in numbered}),
            )
