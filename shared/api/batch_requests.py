"""Requests about batches."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.batch import USUAL_IN_FLIGHT
from shared.domain.reference import own_object
from shared.usecases.start_batch import BatchWish

_ULID = r"[0-9A-HJKMNP-TV-Z]{26}"


class BatchRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    upload: Annotated[str, Field(pattern=rf"^upload:({_ULID}|{_ULID.lower()})$")]
    max_usd: Annotated[Decimal | None, Field(ge=0, le=1_000_000, strict=False)] = None
    max_in_flight: Annotated[int, Field(ge=1, le=1000)] = USUAL_IN_FLIGHT

    def wish(self, tenant: str) -> BatchWish:
        """An upload is found among the tenant's own."""
        place = own_object(tenant, self.upload.removeprefix("upload:"))
        return BatchWish(key=place.key, max_usd=self.max_usd, max_in_flight=self.max_in_flight)
