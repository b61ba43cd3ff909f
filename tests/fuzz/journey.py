"""The way of a job from one provider to the next: where it may go, and where it never may."""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from tests.fuzz.routes import Way
from tests.fuzz.suppliers import Suppliers

_MOST_ATTEMPTS_THAT_GUESS: Final = 3
_PATIENT_TRIES: Final = 3
_PATIENT_MINUTES: Final = 30  # later nobody may have asked how it ended
_LASTING: Final = ("number", "provider", "delivery", "submitted_at", "decision")

type Document = dict[str, Any]


@dataclass(slots=True)
class Journey:
    """`reopened_after` holds how many attempts there were when the caller asked for another."""

    route: tuple[Way, ...]
    theirs: Suppliers
    on_unknown: str = "fail"
    is_forced: bool = False
    reopened_after: set[int] = field(default_factory=set)
    failovers: int = 0

    @property
    def prices(self) -> dict[str, Decimal | None]:
        return {way.provider: way.price for way in self.route}

    def begin(self, new: Document) -> None:
        assert new["provider"] == self.route[0].provider, "not where it was to go first"
        self.check(new, new)

    def check(self, old: Document, new: Document) -> None:
        """Take in what is shown now, if it may follow on what was shown before."""
        self._check_past(old["attempts"], new["attempts"])
        self._check_timeline(new)
        starts = [None, *new["attempts"]]
        for before, after in list(pairwise(starts))[len(old["attempts"]) :]:
            self._check_start(before, after, old, new)
        self._check_present(old, new)
        self._check_nobody_was_left(old, new)
        for attempt in new["attempts"]:
            self._check_charge(new, attempt)
        assert not (self.is_forced and self.theirs.calls[new["id"], 1]), "called, though forced"

    def _check_past(self, old: list[Document], new: list[Document]) -> None:
        assert [attempt["number"] for attempt in new] == list(range(1, len(new) + 1))
        for before, after in zip(old, new, strict=False):
            assert {name: before[name] for name in _LASTING}.items() <= after.items()
            assert set(before["task_ids"]) <= set(after["task_ids"]), "a paid task is forgotten"
        for attempt in new:
            way = self.route[self._place(attempt["provider"])]
            assert attempt["delivery"] == way.delivery, "learned in another way than was agreed"
            assert attempt["decision"].startswith(way.provider), "it does not say why it went there"

    @staticmethod
    def _check_timeline(new: Document) -> None:
        """An attempt after the first starts from the queue."""
        steps = Counter(entry["status"] for entry in new["timeline"])
        attempts = len(new["attempts"])
        assert min(steps["queued"], steps["submitting"]) >= attempts, "an attempt left no trace"

    def _check_start(
        self, before: Document | None, after: Document, old: Document, new: Document
    ) -> None:
        """Tell by whose leave an attempt was begun: the caller's, or by that of a sure failure."""
        place = self._place(after["provider"])
        if before is None or before["number"] in self.reopened_after:
            self._check_skipped(self.route[:place], new)
        elif before["provider"] == after["provider"]:
            assert self.on_unknown == "retry", "asked again, and nobody had said so"
            assert self.theirs.is_unsure(new["id"], before["number"]), "asked again without need"
            assert after["number"] <= _MOST_ATTEMPTS_THAT_GUESS, "guessed too often"
        else:
            self._check_failover(before, after, old, new)
            self._check_skipped(self.route[self._place(before["provider"]) + 1 : place], new)

    def _check_failover(
        self, before: Document, after: Document, old: Document, new: Document
    ) -> None:
        self.failovers += 1
        first, then = self._place(before["provider"]), self._place(after["provider"])
        assert then > first, "went back"
        assert self.theirs.has_surely_failed(new["id"], before), "went on without a sure failure"
        is_news = old["provider"] == before["provider"]  # else it had been decided before
        assert not (is_news and old["images"]), "went on, and has images already"
        tries = self.theirs.tries(new["id"], before["number"])
        has_answered = self.theirs.has_answered(new["id"], before["number"])
        if not self.theirs.was_out(before["provider"], new["model"]):
            was_forced = self.is_forced and before["number"] == 1
            assert has_answered or was_forced or tries >= _PATIENT_TRIES, "lost patience"
        if has_answered and not tries and then == first + 1:
            notes = [entry["note"] for entry in new["timeline"]]
            assert after["decision"] in notes, "the timeline does not tell of it"

    def _check_skipped(self, ways: tuple[Way, ...], new: Document) -> None:
        for way in ways:
            assert self.theirs.was_out(way.provider, new["model"]), f"{way.provider} works"

    def _check_present(self, old: Document, new: Document) -> None:
        """The job itself tells of the attempt under way, or of the next."""
        way = self.route[self._place(new["provider"])]
        assert way in self._ways_now(old, new), f"at {way.provider}, and nobody knows why"
        assert (new["delivery"], new["sandbox"]) == (way.delivery, way.sandbox)
        estimate = _money(new["cost"]["estimated_usd"])
        assert estimate == way.estimate(new["requested_images"]), "not this provider's price"

    def _ways_now(self, old: Document, new: Document) -> tuple[Way, ...]:
        attempts = new["attempts"]
        if len(attempts) in self.reopened_after or not attempts:
            return self.route[:1]
        if len(old["attempts"]) == len(attempts) and old["provider"] == new["provider"]:
            return self.route  # it stays, for a reason that was looked at before
        last = self._place(attempts[-1]["provider"])
        failed = self.theirs.has_surely_failed(new["id"], attempts[-1])
        goes_on = failed and not old["images"]
        return self.route[last : last + 2] if goes_on else self.route[last : last + 1]

    def _check_nobody_was_left(self, old: Document, new: Document) -> None:
        """A job does not fail while another provider might do better."""
        attempts = new["attempts"]
        if (old["status"], new["status"]) == ("failed", "failed") or new["status"] != "failed":
            return
        last = attempts[-1]
        if _minutes(last) < _PATIENT_MINUTES and last["provider"] != self.route[-1].provider:
            failed = not new["images"] and self.theirs.has_surely_failed(new["id"], last)
            assert not failed, "failed, and the next provider was not asked"

    def _check_charge(self, new: Document, attempt: Document) -> None:
        told = _money(attempt["charged_usd"])
        cost = self.theirs.cost(new["id"], self.prices, attempt["number"])
        is_part = cost is None or (told or 0) <= cost
        assert is_part, "more than this provider charged"
        if attempt["charge_complete"]:
            assert told == cost, "not what this provider charged"

    def _place(self, provider: str) -> int:
        return [way.provider for way in self.route].index(provider)


def _minutes(attempt: Document) -> float:
    """Return how long it took until all of it was over; for ever, if something is not."""
    if attempt["finished_at"] is None:
        return math.inf
    began, ended = map(datetime.fromisoformat, (attempt["submitted_at"], attempt["finished_at"]))
    return (ended - began).total_seconds() / 60


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
