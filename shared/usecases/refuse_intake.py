"""Refuse what came in by an event: say so beside the object, and on the bus. Nothing is lost."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from shared.domain.api_key import ApiKey
from shared.domain.edits import ERROR
from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.events import intake_refused
from shared.ports.intake import DropFolder
from shared.ports.messages import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()

    @classmethod
    def of(cls, error: InvalidRequest) -> Self:
        return cls(
            code="invalid_request",
            detail="; ".join(f"{one.pointer} {one.message}".strip() for one in error.errors),
            errors=error.errors,
        )

    def document(self, source: str) -> dict[str, Any]:
        return {
            "title": "This was not taken in",
            "code": self.code,
            "who": "client",
            "detail": self.detail,
            "errors": [
                {"pointer": one.pointer, "code": one.code, "message": one.message}
                for one in self.errors
            ],
            "source": source,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseIntake:
    folder: DropFolder
    outbox: Outbox

    def __call__(
        self,
        refusal: Refusal,
        *,
        source: str,
        at: datetime,
        key: ApiKey | None,
        beside: str | None = None,
    ) -> None:
        """Say it in the same words however often the same thing is refused; `at` is when it came.

        The webhooks of the key's tenant hear of it too. With `beside` an object's key, a report is
        written next to that object.
        """
        document = refusal.document(source)
        if beside:
            content = json.dumps(document, indent=2, ensure_ascii=False)
            self.folder.write(beside + ERROR, content.encode("utf-8", "surrogatepass"))
        self.outbox.announce(intake_refused(document, at=at, tenant=key.tenant if key else ""))
