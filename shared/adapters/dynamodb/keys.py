"""API keys in DynamoDB: hashes only."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.adapters.dynamodb.items import KEYS, key_item, key_of_api_key, read_key, wire
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

    def save(self, key: ApiKey, *, was: ApiKey) -> None:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=key_item(key),
                # Keys of before had no version, and this is the first change of any.
                ConditionExpression="version = :was OR attribute_not_exists(version)",
                ExpressionAttributeValues=wire({":was": was.version}),
            )
        except self._client.exceptions.ConditionalCheckFailedException as exc:
            raise VersionConflict(f"key {key.id} is not at version {was.version}") from exc

    def all(self) -> Sequence[ApiKey]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="tenant-jobs",
            KeyConditionExpression="tenant = :keys",
            ExpressionAttributeValues=wire({":keys": KEYS}),
            ScanIndexForward=False,
        )
        return [read_key(item) for page in pages for item in page["Items"]]
