"""Requests about webhooks and deliveries."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shared.api.requests import StrictRequest, WebhookUrl
from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.webhook import TenantEvent
from shared.usecases.webhooks import Change, Registration

Events = Annotated[list[TenantEvent], Field(max_length=20)]
Description = Annotated[str, Field(max_length=256)]


class WebhookRequest(StrictRequest):
    url: WebhookUrl
    events: Events = Field(default_factory=list)
    description: Description = ""
    enabled: bool = True

    def registration(self) -> Registration:
        return Registration(
            url=self.url,
            events=tuple(self.events),
            description=self.description,
            enabled=self.enabled,
        )


class WebhookChangeRequest(StrictRequest):
    """A field that is not there stays as it is."""

    url: WebhookUrl | None = None
    events: Events | None = None
    description: Description | None = None
    enabled: bool | None = None

    def change(self) -> Change:
        return Change(
            url=self.url,
            events=None if self.events is None else tuple(self.events),
            description=self.description,
            enabled=self.enabled,
        )


def read_moment(text: str | None, *, pointer: str) -> datetime:
    """Read RFC 3339. Raises InvalidRequest."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = "must be a moment in RFC 3339 with its zone, as 2026-11-20T12:00:00Z"
        raise InvalidRequest([FieldError(pointer=pointer, code="invalid", message=message)])
    return moment
