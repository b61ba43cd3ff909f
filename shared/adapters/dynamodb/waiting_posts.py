"""Waiting posts in DynamoDB: one item for each unanswered job, together by request."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamodb.items import plain, text_of, time_of, wire
from shared.adapters.dynamodb.transactions import TRIES, Contended, Write, transact
from shared.domain.errors import VersionConflict
from shared.domain.ids import JobId
from shared.domain.refusals import busy
from shared.domain.waiting_post import WaitingPost

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoWaitingPosts:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def of_request(self, request: str) -> Sequence[WaitingPost]:
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :request",
            ExpressionAttributeValues=wire({":request": _pk(request)}),
            ConsistentRead=True,
        )
        return [_read(item) for item in answer["Items"]]

    def hold(self, held: WaitingPost, *, was: WaitingPost) -> bool:
        # The second half: the SDK repeats a write whose response was lost.
        condition = "holder = :was AND held_until = :until OR holder = :holder"
        values = {":was": was.holder, ":until": text_of(was.until), ":holder": held.holder}
        return self._put(held, condition, values)

    def release(self, given_up: WaitingPost) -> bool:
        return self._put(given_up, "holder = :holder", {":holder": given_up.holder})

    def answer(self, held: WaitingPost) -> bool:
        # A transaction carries a token: when the SDK repeats it, it succeeds again.
        delete = {
            "Key": wire(_key(held)),
            "ConditionExpression": "holder = :holder",
            "ExpressionAttributeValues": wire({":holder": held.holder}),
        }
        taken = VersionConflict("another post holds the job")
        write = Write(delete, taken, "Delete", is_shared=True)
        for _ in range(TRIES):
            try:
                transact(self._client, [write], table=self._table)
            except VersionConflict:
                return False
            except Contended:
                continue
            return True
        raise busy()

    def _put(self, post: WaitingPost, condition: str, values: Mapping[str, object]) -> bool:
        for _ in range(TRIES):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=waiting_item(post),
                    ConditionExpression=condition,
                    ExpressionAttributeValues=wire(values),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
            except self._client.exceptions.TransactionConflictException:
                continue  # its holder answers at this moment
            return True
        raise busy()


def waiting_item(post: WaitingPost) -> dict[str, Any]:
    item: dict[str, object] = _key(post) | {
        "holder": post.holder,
        "held_since": text_of(post.since),
        "held_until": text_of(post.until),
        "released": post.released,
        "expires_at": int(post.expires_at.timestamp()) + 1,
    }
    return wire(item)


def _read(item: dict[str, Any]) -> WaitingPost:
    row = plain(item)
    return WaitingPost(
        request=row["pk"].removeprefix("waiting#"),
        job_id=JobId(row["sk"]),
        holder=row["holder"],
        since=time_of(row["held_since"]),
        until=time_of(row["held_until"]),
        released=row["released"],
    )


def _key(post: WaitingPost) -> dict[str, str]:
    return {"pk": _pk(post.request), "sk": post.job_id}


def _pk(request: str) -> str:
    return f"waiting#{request}"
