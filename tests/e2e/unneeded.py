"""What roles grant although no call of the day asks for it, each with the reason.

Who: a role, or "*" for all. What: an action, with "*" for any end. Where: a resource, the same way.
"""

from typing import Final, NamedTuple

from tests.e2e.permissions import Grant


class Reason(NamedTuple):
    role: str
    action: str
    resource: str
    why: str


REASONS: Final = tuple(Reason(*row) for row in (
    ("*", "logs:*", "*", "Lambda writes the log under the role; the engine asks nobody"),
    ("*", "xray:*", "*", "Lambda hands in the traces under the role"),
    ("*", "sqs:ReceiveMessage", "*", "the queue's mapping asks; the engine's does not"),
    ("*", "sqs:DeleteMessage", "*", "as above"),
    ("*", "sqs:GetQueueAttributes", "*", "as above"),
    ("PublishRole", "dynamodb:DescribeStream", "*", "the stream's mapping, as above"),
    ("PublishRole", "dynamodb:GetRecords", "*", "as above"),
    ("PublishRole", "dynamodb:GetShardIterator", "*", "as above"),
    ("PublishRole", "dynamodb:ListStreams", "*", "as above"),
    ("PublishRole", "sqs:SendMessage", "PublishDeadLetters", "as above: what failed ten times"),
    ("*", "ssm:GetParameter", "*/public-url", "a local stack knows where it is"),
    ("*", "s3:ListBucket", "*", "no call: without it S3 says 'forbidden' of what is not there"),
    ("*", "s3:AbortMultipartUpload", "*", "for a large image that breaks off"),
    ("CollectRole", "s3:GetObject", "MediaBucket/images/*", "what lies there already is read"),
    ("DispatchRole", "s3:PutObject", "*/references/*", "from the web, by https: never local"),
    ("*", "ssm:PutParameter", "*/callback-keys", "for the first who has to sign"),
    ("SubmitRole", "ssm:GetParameter", "*AimlapiKeyParameter", "where a shut gate sends a job"),
    ("OpenAiRole", "ssm:GetParameter", "*ApixoKeyParameter", "as above"),
    ("OpenAiRole", "ssm:GetParameter", "*AimlapiKeyParameter", "as above"),
    ("OpenAiRole", "ssm:GetParameter", "*/callback-keys", "as above: it calls back"),
    ("OpenAiRole", "s3:GetObject", "*/uploads/*", "a reference may name an upload"),
    ("CollectRole", "ssm:GetParameter", "*AimlapiKeyParameter", "asked for lost answers"),
    ("WatchRole", "ssm:GetParameter", "*ApixoKeyParameter", "asked when no callback comes"),
    ("*", "s3:PutObjectTagging", "*", "a write with a tag needs it; the engine asks for the write"),
    ("DispatchRole", "s3:PutObject", "MediaBucket/images/*", "for answers that hold the image"),
    ("IntakeRole", "s3:GetObjectVersion", "*", "a line, or an event, may name a version"),
    ("WatchRole", "dynamodb:GetItem", "Table", "it publishes what the stream did not bring"),
    ("WatchRole", "dynamodb:BatchWriteItem", "Table", "as above"),
    ("WatchRole", "dynamodb:Query", "Table", "as above: who hears of it"),
    ("WatchRole", "dynamodb:ConditionCheckItem", "Table", "as above: not of deleted jobs"),
    ("WatchRole", "events:PutEvents", "EventBus", "as above"),
    ("WatchRole", "s3:PutObject", "MediaBucket/edits/*", "as above: beside their source"),
    ("WatchRole", "s3:GetObject", "MediaBucket/images/*", "as above"),
    ("WatchRole", "sqs:SendMessage", "PreviewQueue", "as above"),
    ("*", "s3:GetObjectTagging", "*", "a copy takes tags along; the engine asks for the read"),
    ("IntakeRole", "s3:GetObject", "*/uploads/*", "a line, or an event, may name an upload"),
    ("IntakeRole", "s3:GetObject", "*/references/*", "a line, or an event, may name data again"),
    ("ManageRole", "sqs:SendMessage", "PreviewQueue", "for a preview that was asked for in vain"),
    ("DispatchRole", "s3:DeleteObject", "*", "of a job that is deleted while it is answered"),
    ("CollectRole", "s3:DeleteObject", "MediaBucket/images/*", "of a job deleted meanwhile"),
    ("CollectRole", "s3:DeleteObject", "MediaBucket/previews/*", "as above"),
    ("PreviewRole", "s3:DeleteObject", "*/previews/*", "of a job that is deleted meanwhile"),
))  # fmt: skip


def excuses(reason: Reason, grant: Grant) -> bool:
    return all(map(_fits, grant, reason[:3]))


def _fits(said: str, pattern: str) -> bool:
    start, star, end = pattern.partition("*")
    if not star:
        return said == pattern
    return said.startswith(start) and said.endswith(end)
