"""Webhooks in DynamoDB: a tenant's lie together, so that one read tells who hears of its events."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.dynamodb.conflicts import is_conflict
from shared.adapters.dynamodb.items import event_item, wire
from shared.adapters.dynamodb.webhook_items import (
    read_webhook,
    webhook_item,
    webhook_key,
    webhooks_of,
)
from shared.domain.errors import VersionConflict, WebhookNotFound
from shared.domain.events import farewell
from shared.domain.ids import WebhookId
from shared.domain.webhook import Webhook

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoWebhooks:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table
        self._refused = client.exceptions.ConditionalCheckFailedException

    def add(self, webhook: Webhook) -> None:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=webhook_item(webhook),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._refused as exc:
            raise VersionConflict(f"{webhook.id} exists") from exc

    def get(self, tenant: str, webhook_id: WebhookId) -> Webhook:
        key = wire({"pk": webhooks_of(tenant), "sk": webhook_id})
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in answer:
            raise WebhookNotFound(webhook_id)
        return read_webhook(answer["Item"])

    def of_tenant(self, tenant: str) -> Sequence[Webhook]:
        """One call: fifty of them are far from a page's megabyte."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :webhooks",
            ExpressionAttributeValues=wire({":webhooks": webhooks_of(tenant)}),
            ConsistentRead=True,
        )
        return [read_webhook(item) for item in answer["Items"]]

    def save(self, webhook: Webhook, *, was: Webhook) -> None:
        put = {"TableName": self._table, "Item": webhook_item(webhook), **_condition(was)}
        event = farewell(webhook, was=was)
        try:
            if event is None:
                self._client.put_item(**put)
            else:
                told = {"TableName": self._table, "Item": event_item(event)}
                items: list[Any] = [{"Put": put}, {"Put": told}]
                self._client.transact_write_items(TransactItems=items)
        except ClientError as exc:
            if not is_conflict(exc):
                raise
            raise VersionConflict(f"{was.id} is not at version {was.version}") from exc

    def remove(self, webhook: Webhook) -> None:
        try:
            self._client.delete_item(
                TableName=self._table, Key=wire(webhook_key(webhook)), **_condition(webhook)
            )
        except self._refused as exc:
            raise VersionConflict(f"{webhook.id} is not at version {webhook.version}") from exc


def _condition(was: Webhook) -> dict[str, Any]:
    return {
        "ConditionExpression": "version = :was",
        "ExpressionAttributeValues": wire({":was": was.version}),
    }
