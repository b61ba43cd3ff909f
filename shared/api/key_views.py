"""Keys as their keeper gets to see them: never with a secret, but for the one time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from shared.domain.account import Account
from shared.domain.api_key import ApiKey, IssuedKey
from shared.domain.ids import KeyId
from shared.domain.limits import renews_at
from shared.domain.money import usd
from shared.domain.public import timestamp
from shared.domain.usage import Counts


def issued_view(issued: IssuedKey, now: datetime) -> dict[str, Any]:
    """Return a key with its text, which nobody sees again."""
    old = issued.key.old_secret
    return key_view(issued.key, now) | {
        "key": issued.text,
        "webhook_secret": issued.key.webhook_secret,
        "previous_key_until": timestamp(old.until) if old else None,
    }


def key_view(key: ApiKey, now: datetime) -> dict[str, Any]:
    limits, terms = key.terms.limits, key.terms
    return {
        "id": key.id,
        "object": "key",
        "name": key.name,
        "tenant": key.tenant,
        "status": _status(key, now),
        "budget_usd": None if limits.budget is None else usd(limits.budget),
        "window": None if limits.budget is None else limits.window,
        "rate": limits.rate,
        "max_in_flight": limits.max_in_flight,
        "models": list(terms.models),
        "model_aliases": dict(terms.model_aliases),
        "retention": {
            "media_days": terms.retention.media_days,
            "record_days": terms.retention.record_days,
        },
        "created_at": timestamp(key.created_at),
        "expires_at": timestamp(terms.expires_at),
        "revoked_at": timestamp(key.revoked_at),
    }


def keys_view(
    keys: Iterable[ApiKey],
    accounts: Mapping[KeyId, Account],
    used: Mapping[str, Counts],
    now: datetime,
) -> list[dict[str, Any]]:
    """Return keys with what they have spent: in the budget's window, else in this month."""
    return [
        key_view(key, now)
        | {
            "spend": _spend(accounts.get(key.id) or _empty(key, now))
            if key.terms.limits.budget is not None
            else _used(used.get(key.id, Counter()), f"{now:%Y-%m}")
        }
        for key in keys
    ]


def _spend(account: Account) -> dict[str, Any]:
    return {
        "window": account.window,
        "spent_usd": usd(account.spent),
        "reserved_usd": usd(account.reserved),
        "left_usd": usd(account.left),
        "overrun_usd": usd(account.overrun),
        "jobs": account.accepted,
        "jobs_of_unknown_cost": account.unknown,
        "renews_at": timestamp(renews_at(account.window)),
    }


def _used(counts: Counts, window: str) -> dict[str, Any]:
    return {
        "window": window,
        "spent_usd": usd(counts["spent"]),
        "reserved_usd": None,
        "left_usd": None,
        "overrun_usd": None,
        "jobs": counts["jobs"],
        "jobs_of_unknown_cost": counts["unknown"],
        "renews_at": None,
    }


def _empty(key: ApiKey, now: datetime) -> Account:
    limits = key.terms.limits
    return Account(key_id=key.id, window=limits.window_at(now), budget=limits.budget or 0)


def _status(key: ApiKey, now: datetime) -> str:
    if key.revoked_at:
        return "revoked"
    return "active" if key.is_valid_at(now) else "expired"
