"""What a caller may expect of a job, written down a second time and independent of the service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from tests.fuzz.journey import Journey

OVER: Final = frozenset({"succeeded", "partial", "failed", "cancelled", "expired"})
RETRIABLE: Final = frozenset({"failed", "expired"})
_ENDS: Final = frozenset({"succeeded", "cancelled", "expired"})
_OUTCOMES: Final = _ENDS | {"queued", "partial", "failed"}
_NEXT: Final[Mapping[str, frozenset[str]]] = {
    "queued": _ENDS | {"submitting"},
    "submitting": _OUTCOMES | {"processing"},
    "processing": _OUTCOMES | {"storing"},
    "storing": _OUTCOMES,
    "failed": frozenset({"queued"}),
    "expired": frozenset({"queued"}),
    "succeeded": frozenset(),
    "partial": frozenset(),
    "cancelled": frozenset(),
}
_FIXED: Final = (
    "id",
    "object",
    "model",
    "input",
    "requested_images",
    "metadata",
    "tags",
    "created_at",
    "urls",
)
LONGEST_TIMELINE: Final = 100
_ONE_MILLISECOND: Final = timedelta(milliseconds=1)  # what a timestamp does not show

type Document = dict[str, Any]


@dataclass(slots=True)
class Expected:
    """One job: what was asked for, what the caller did to it, and how it was shown last."""

    tenant: str
    shown: Document
    journey: Journey
    opened_at: datetime
    finish_within: timedelta
    start_within: timedelta | None = None
    retries: int = 0
    payers: list[tuple[int, str]] = field(default_factory=list)  # from which attempt on, which key
    is_called_off: bool = False
    is_deleted: bool = False

    @property
    def id(self) -> str:
        return str(self.shown["id"])

    @property
    def status(self) -> str:
        return str(self.shown["status"])

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def admit(self) -> None:
        """Check the job as it is answered when it is new."""
        new = self.shown
        assert (new["status"], new["version"], new["object"]) == ("queued", 1, "job")
        assert [step["status"] for step in new["timeline"]] == ["queued"]
        assert (new["images"], new["attempts"], new["error"]) == ([], [], None)
        self.journey.begin(new)
        assert new["cost"]["charged_usd"] is None, "charged before anything was sent"

    def show(self, new: Document, *, now: datetime) -> None:
        """Take in what is shown now, if it may follow on what was shown before."""
        old = self.shown
        if new == old:
            return
        assert new["version"] > old["version"], "changed, and has no new version"
        assert _only(new, _FIXED) == _only(old, _FIXED), "what never changes has changed"
        assert old["updated_at"] <= new["updated_at"] <= _shown(now)
        self._check_timeline(old["timeline"], new["timeline"])
        self._check_end(new)
        self._check_images(old, new)
        for attempt in new["attempts"]:
            assert attempt["key"] == self._payer_of(attempt["number"]), "another key's attempt"
        self.journey.check(old, new)
        assert new["cost"]["charged_usd"] is None or new["status"] in OVER, "charged, and not over"
        self.shown = new

    def _payer_of(self, number: int) -> str:
        return [key for first, key in self.payers if first <= number][-1]

    def _check_timeline(self, old: list[Document], new: list[Document]) -> None:
        if len(new) >= LONGEST_TIMELINE:
            return  # entries in the middle are left out
        assert new[: len(old)] == old, "the past was rewritten"
        for before, after in pairwise(new):
            step = f"{before['status']} -> {after['status']}"
            assert after["status"] in _NEXT[before["status"]], step
            assert before["at"] <= after["at"], "time ran backwards"
        reopened = sum(before["status"] in RETRIABLE for before, _ in pairwise(new))
        assert reopened == self.retries, "reopened, and nobody asked"
        for entry in new[len(old) :]:
            if entry["status"] == "cancelled":
                assert self.is_called_off, "cancelled, and nobody asked"
            if entry["status"] == "expired":
                self._check_deadline(datetime.fromisoformat(entry["at"]))

    def _check_deadline(self, at: datetime) -> None:
        patience = min(self.finish_within, self.start_within or self.finish_within)
        assert at + _ONE_MILLISECOND >= self.opened_at + patience, "expired before its time"

    def _check_end(self, new: Document) -> None:
        status, error = new["status"], new["error"]
        assert new["timeline"][-1]["status"] == status
        assert (status in OVER) == (new["completed_at"] is not None)
        assert (error is not None) == (status in {"partial", "failed", "expired"}), f"{status}"
        if status == "expired":
            assert error["code"] in {"deadline_start", "deadline_finish"}

    def _check_images(self, old: Document, new: Document) -> None:
        before, after, asked = old["images"], new["images"], new["requested_images"]
        assert new["delivered_images"] == len(after)
        assert all(image in after for image in before), "an image is gone, or another"
        indexes = [image["index"] for image in after]
        assert indexes == sorted(set(indexes)), "images out of order"
        assert len({image["key"] for image in after}) == len(after), "one image, twice"
        assert len(after) <= asked * max(1, len(new["attempts"])), "more than was asked for"
        status = new["status"]
        if old["status"] == status and status in OVER and len(after) > len(before):
            assert new["late"], "late, and does not say so"
        assert new["late"] or not old["late"], "no longer late"
        assert status != "succeeded" or len(after) >= asked, "succeeded, and images are missing"
        assert status != "partial" or after, "partial, and has none"
        assert status != "failed" or new["late"] or len(after) < asked, "failed, and has all"
        assert status in OVER or len(after) < asked, "has all, and goes on"

    def check_ledger(self, *, all_served: bool) -> None:
        """Compare with what the providers themselves have in their books."""
        cost, theirs, prices = self.shown["cost"], self.journey.theirs, self.journey.prices
        charged, known = Decimal(cost["charged_usd"] or 0), theirs.cost(self.id, prices)
        assert known is None or charged <= known, "more than the providers charged"
        if not cost["complete"]:
            return
        assert charged == known, "not what the providers charged"
        if all_served:
            kept = theirs.made(self.id).total() - theirs.gone(self.id)
            assert self.shown["delivered_images"] == kept, "paid for, and not kept"


def _only(document: Document, names: tuple[str, ...]) -> Document:
    return {name: document[name] for name in names}


def _shown(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
