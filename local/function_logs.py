"""Why something failed, from what the engine and the functions logged."""

import json
import re
from collections.abc import Iterator
from itertools import islice

from local.aws import client
from local.engine import REGION, Engine

_SHOWN = 8
_BAD = re.compile(r" ERROR |timed out after")  # the engine only warns of a function it has ended
_EXCEPTION = re.compile(r"[\w.]+(Error|Exception|Denied)\b.*")


def complaints(engine: Engine) -> str:
    """Return the newest errors, one per line; empty when nobody complained."""
    of_the_engine = filter(_BAD.search, engine.log_tail(200).splitlines())
    lines = dict.fromkeys([*of_the_engine, *_of_the_functions(engine)])
    return "\n".join(islice(reversed(lines), _SHOWN))


def _of_the_functions(engine: Engine) -> Iterator[str]:
    logs = client("logs", endpoint_url=engine.url, region=REGION)
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for event in logs.filter_log_events(logGroupName=name)["events"]:
            if complaint := complaint_of(event["message"].strip()):
                yield f"{name.rpartition('/')[2]}: {complaint}"


def complaint_of(message: str) -> str | None:
    """Read one line, structured or the end of a plain traceback; a metric is none."""
    try:
        entry = json.loads(message)
    except ValueError:
        return message if _EXCEPTION.fullmatch(message) else None
    if not isinstance(entry, dict) or entry.get("level") not in {"ERROR", "CRITICAL"}:
        return None
    reason = str(entry.get("exception", "")).strip().rpartition("\n")[2]
    return f"{entry.get('message')} {reason}".strip()
