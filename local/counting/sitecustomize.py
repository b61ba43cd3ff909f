"""Writes down each call to AWS that a function's process makes.

Python imports this module by its name when it lies on the path, which the embedded engine arranges
for a run that counts. Nothing of it is in the package: what is counted is what is deployed.
"""

import json
import os
from typing import Any

_FUNCTION = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
_FILE = os.environ.get("SEEDHOOK_CALLS", "")


def _note(kind: str, operation: str, what: Any) -> None:
    line = json.dumps([_FUNCTION, kind, operation, what]) + "\n"
    with open(_FILE, "ab", buffering=0) as calls:  # noqa: PTH123  pathlib would cost every start
        calls.write(line.encode())  # one write: processes do not mix their lines


def _listen() -> None:
    from botocore.session import Session  # noqa: PLC0415  not in the engine's own process
    from counted.calls import (  # type: ignore[import-not-found]  # noqa: PLC0415  on the path, as this is
        listen,
    )

    create = Session.create_client

    def create_client(session: Session, *args: Any, **options: Any) -> Any:
        made = create(session, *args, **options)
        listen(made.meta.events, _note)
        return made

    Session.create_client = create_client  # type: ignore[assignment, method-assign]  # that is the point


if _FUNCTION and _FILE:
    _listen()
