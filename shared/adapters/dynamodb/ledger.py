"""Accounts, rates and usage in DynamoDB: written in the transaction of the job they follow from.

| item      | pk                  | sk                                        | numbers           |
|-----------|---------------------|-------------------------------------------|-------------------|
| account   | account#<key>       | <window>: 2026-11, or total               | of `Account`      |
| in flight | account#<key>       | in-flight                                 | jobs              |
| rate      | account#<key>       | rate#<seconds>#<start>; expires_at        | jobs              |
| usage     | usage#<tenant>      | <day>#<model>#<provider>#<key>#<shard>    | of `Counts`       |
| by tag    | usage#<tenant>#tags | <day>#<model>#<provider>#<key>#<tag>#<shard> | of `Counts`    |

Numbers are added to, never written over: who adds needs not know what is there. So an account is
read only to refuse, or to announce a threshold; until one of the two may be due, how it was when it
was last read is good enough: the write's own condition finds out when it is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zlib import crc32

from shared.adapters.dynamodb.items import event_item, plain, wire
from shared.adapters.dynamodb.transactions import Contended, Write
from shared.domain.account import Account
from shared.domain.errors import VersionConflict
from shared.domain.events import budget_alarm
from shared.domain.ids import KeyId
from shared.domain.job import Job
from shared.domain.limits import Limits, Slot
from shared.domain.refusals import beyond_budget, too_fast, too_many
from shared.domain.settlement import AccountName, Posting, limits_of, opens, steps_of
from shared.domain.usage import Counts, Line, usage_step

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SHARDS: Final = 4  # each row of usage lies in so many parts: one would be hot
_SLOTS_ARE_KEPT: Final = 3600  # seconds
_NUMBERS: Final = ("committed", "spent", "overrun", "unknown", "accepted")


class _Condition(NamedTuple):
    text: str
    values: Mapping[str, object]


class DynamoLedger:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table
        self._seen: dict[AccountName, Account] = {}

    def writes(self, job: Job, *, was: Job | None, limits: Limits, afresh: bool) -> Iterator[Write]:
        """Return what is written together with a job. Raises BudgetExceeded.

        `afresh`: whether what is remembered of accounts may have been what was wrong before.
        """
        for name, step in steps_of(job, was).items():
            bounds = limits_of(name, job, limits)
            if name.window and step.moves_money:
                yield from self._account_writes(job, name, step, bounds, afresh=afresh)
            if step.in_flight:
                yield _in_flight_write(name.key_id, step, bounds.max_in_flight)
        slot = limits.slot_at(job.opened_at)
        if slot and opens(job, was):
            yield _slot_write(job, slot)
        for line, counts in usage_step(job, was=was).items():
            yield _usage_write(job, line, counts)

    def check(self, job: Job, *, limits: Limits) -> None:
        """Raise what keeps a new job out, as far as its key's rows tell now. Writes nothing."""
        for name, step in steps_of(job, None).items():
            if limits.budget is not None and step.committed > 0:
                account = self._account(name, step, limits, afresh=True)
                if not account.holds(step.committed):
                    raise beyond_budget(account, step.committed)
        most = limits.max_in_flight
        if most is not None and self._count(account_key(job.payer, "in-flight")) >= most:
            raise too_many(most)
        slot = limits.slot_at(job.opened_at)
        if slot and self._count(_slot_key(job.payer, slot)) >= slot.room:
            raise too_fast(slot, job.opened_at)

    def _count(self, key: Mapping[str, str]) -> int:
        answer = self._client.get_item(TableName=self._table, Key=wire(key), ConsistentRead=True)
        return int(plain(answer.get("Item", {})).get("jobs", 0))

    def _account_writes(
        self, job: Job, name: AccountName, step: Posting, limits: Limits, *, afresh: bool
    ) -> Iterator[Write]:
        if step.committed <= 0:  # there is room, and no threshold that is not told yet
            unread = Account(key_id=name.key_id, window=name.window)
            yield _account_write(unread, step, (), limits)
            return
        account = self._account(name, step, limits, afresh=afresh)
        if limits.budget is not None and not account.holds(step.committed):
            raise beyond_budget(account, step.committed)
        after = account.posted(step)
        alarms = after.to_tell()
        yield _account_write(account, step, alarms, limits)
        for threshold in alarms:
            event = budget_alarm(after, threshold, tenant=job.tenant, at=job.updated_at)
            yield Write({"Item": event_item(event)}, VersionConflict("the event exists"))

    def _account(
        self, name: AccountName, step: Posting, limits: Limits, *, afresh: bool
    ) -> Account:
        key_id, window = name
        seen = self._seen.get(name)
        if seen and not afresh and seen.holds(step.committed) and not seen.posted(step).to_tell():
            return seen
        key = wire(account_key(key_id, window))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        account = read_account(key_id, window, answer.get("Item", {}))
        if limits.budget is not None:
            account = replace(account, budget=limits.budget)
        self._seen[name] = account
        return account


def account_key(key_id: KeyId, window: str) -> dict[str, str]:
    return {"pk": f"account#{key_id}", "sk": window}


def read_account(key_id: KeyId, window: str, item: Mapping[str, Any]) -> Account:
    row = plain(item)
    numbers = {name: int(row.get(name, 0)) for name in (*_NUMBERS, "budget", "told")}
    return Account(key_id=key_id, window=window, **numbers)


def _account_write(account: Account, step: Posting, alarms: Sequence[int], limits: Limits) -> Write:
    sets: dict[str, object] = {}
    if limits.budget is not None:
        sets["budget"] = limits.budget
    if alarms:
        sets["told"] = alarms[-1]
    numbers = {name: getattr(step, name) for name in _NUMBERS}
    request = _update(
        account_key(account.key_id, account.window),
        add=numbers,
        sets=sets,
        conditions=list(_account_conditions(account, step, alarms, limits)),
    )
    moved = Contended("the account has moved since it was read")
    return Write(request, moved, "Update", is_shared=True)


def _account_conditions(
    account: Account, step: Posting, alarms: Sequence[int], limits: Limits
) -> Iterator[_Condition]:
    if alarms:
        text = "(attribute_not_exists(told) OR told = :as_read)"
        yield _Condition(text, {":as_read": account.told})
    if step.committed <= 0:
        return
    # Whoever reaches a threshold has to know it, so that none is passed in silence.
    ceilings = (account.posted(step).before_next(), limits.budget)
    known = [ceiling for ceiling in ceilings if ceiling is not None]
    if known:
        # A row that is not there was not there when it was read: it has room enough.
        text = "(attribute_not_exists(committed) OR committed <= :room)"
        yield _Condition(text, {":room": min(known) - step.committed})


def _in_flight_write(key_id: KeyId, step: Posting, most: int | None) -> Write:
    conditions = []
    if most is not None and step.in_flight > 0:
        text = "(attribute_not_exists(jobs) OR jobs < :most)"
        conditions.append(_Condition(text, {":most": most}))
    key = account_key(key_id, "in-flight")
    request = _update(key, add={"jobs": step.in_flight}, sets={}, conditions=conditions)
    return Write(request, too_many(most or 0), "Update", is_shared=True)


def _slot_key(key_id: KeyId, slot: Slot) -> dict[str, str]:
    return account_key(key_id, f"rate#{slot.seconds}#{slot.start}")


def _slot_write(job: Job, slot: Slot) -> Write:
    request = _update(
        _slot_key(job.payer, slot),
        add={"jobs": 1},
        sets={"expires_at": slot.end + _SLOTS_ARE_KEPT},
        conditions=[
            _Condition("(attribute_not_exists(jobs) OR jobs < :room)", {":room": slot.room})
        ],
    )
    return Write(request, too_fast(slot, job.opened_at), "Update", is_shared=True)


def _usage_write(job: Job, line: Line, counts: Counts) -> Write:
    shard = crc32(job.id.encode()) % _SHARDS
    facts = {
        "day": line.day.isoformat(),
        "model": line.model,
        "provider": line.provider,
        "key_id": str(line.key_id),
    }
    if line.tag is not None:
        facts["tag"] = line.tag
    key = {
        "pk": usage_pk(job.tenant, tagged=line.tag is not None),
        "sk": "#".join((*facts.values(), str(shard))),
    }
    request = _update(key, add=counts, sets=facts, conditions=[])
    # It has no condition that could fail.
    return Write(request, Contended("usage"), "Update", is_shared=True)


def usage_pk(tenant: str, *, tagged: bool) -> str:
    return f"usage#{tenant}#tags" if tagged else f"usage#{tenant}"


def _update(
    key: Mapping[str, str],
    *,
    add: Mapping[str, int],
    sets: Mapping[str, object],
    conditions: Sequence[_Condition],
) -> dict[str, Any]:
    """Return an update; names go by placeholders, as some of them are words of DynamoDB's own."""
    add = {name: by for name, by in add.items() if by}
    names = {f"#{name}": name for name in (*add, *sets)}
    values = {f":{name}": value for name, value in (*add.items(), *sets.items())}
    expressions = [
        "SET " + ", ".join(f"#{name} = :{name}" for name in sets) if sets else "",
        "ADD " + ", ".join(f"#{name} :{name}" for name in add) if add else "",
    ]
    request: dict[str, Any] = {
        "Key": wire(key),
        "UpdateExpression": " ".join(filter(None, expressions)),
        "ExpressionAttributeNames": names,
    }
    for condition in conditions:
        values |= condition.values
    if conditions:
        request["ConditionExpression"] = " AND ".join(one.text for one in conditions)
    return request | {"ExpressionAttributeValues": wire(values)}
