"""API keys in DynamoDB: hashes only."""

from typing import TYPE_CHECKING

from shared.adapters.dynamodb.items import key_item, key_of_api_key, read_key
from shared.domain.api_key import ApiKey
from shared.domain.errors import VersionConflict
from shared.domain.ids import KeyId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoApiKeys:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, key: ApiKey) -> None:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=key_item(key),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._client.exceptions.ConditionalCheckFailedException as exc:
            raise VersionConflict(f"key {key.id} exists") from exc

    def find(self, key_id: KeyId) -> ApiKey | None:
        answer = self._client.get_item(TableName=self._table, Key=key_of_api_key(key_id))
        return read_key(answer["Item"]) if "Item" in answer else None
