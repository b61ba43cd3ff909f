"""What callers do: submit, follow, cancel, retry, delete, list, reach for what is not theirs."""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, multiple, precondition, rule

from tests.fuzz.promises import RETRIABLE, Document, Expected
from tests.fuzz.stage import Named, Stage, is_refused, jobs

_MOST_ATTEMPTS: Final = 20
_DAY: Final = timedelta(days=1)
_NO_JOB: Final = "job_01ARZ3NDEKTSV4RRFFQ69G5FAV"
_PROVIDERS: Final = ("apixo", "oxen", "aimlapi")

_always: Final[dict[str, st.SearchStrategy[Any]]] = {
    "prompt": st.sampled_from(["a fox", "naïve 🦊 \0 \u202e"]),
    "n": st.integers(1, 10),
}
_sometimes: Final[dict[str, st.SearchStrategy[Any]]] = {
    "failover": st.sampled_from(["on", "on", "off"]),
    "on_unknown": st.sampled_from(["fail", "retry"]),
    "start_by": st.sampled_from([0.001, 30, 600]),
    "finish_by": st.sampled_from(
        [1, 90, 3600, 86_400, "2026-11-20T13:00:00Z", "2026-11-22T12:00:00+02:00"]
    ),
    "metadata": st.just({"order": "7", "ключ": "✓"}),
    "tags": st.just(["a", "b/c"]),
}
# What goes without saying is the same said or unsaid.
_UNSAID: Final = {"provider": "auto", "delivery": "auto", "failover": "on", "on_unknown": "fail"}
_orders: Final = [list(order) for most in (2, 3) for order in permutations(_PROVIDERS, most)]
# The one model that three providers serve, and those that only one does. Nobody asks for `sync` by
# name, because the memory's Oxen.ai would find such a call again and the real one cannot, nor for
# `stream`, because nobody here listens.
served_by_three = st.fixed_dictionaries(
    _always
    | {"model": st.just("seedream-4.5")}
    | {"provider": st.sampled_from(["auto", "auto", *_PROVIDERS, *_orders, ["oxen", "oxen"]])},
    optional=_sometimes | {"delivery": st.sampled_from(["auto", "auto", "poll", "callback"])},
)
# Several requests each, at the first provider: some of them may fail, and others not.
of_many_requests = st.fixed_dictionaries(
    _always
    | {"model": st.just("seedream-4.5"), "n": st.integers(5, 10)}
    | {"provider": st.sampled_from([order for order in _orders if order[0] != "apixo"])},
    optional=_sometimes,
)
_served_by_one = st.fixed_dictionaries(
    _always | {"model": st.sampled_from(["seedream-4", "seedream-5-lite"])},
    optional=_sometimes | {"provider": st.sampled_from(["auto", "oxen"])},
)
bodies = st.integers(0, 4).flatmap(lambda which: served_by_three if which else _served_by_one)
callers = st.integers(0, 2)
forces = st.sampled_from([False, False, False, True])


class CallerRules(Stage):
    @rule(target=jobs, caller=callers, body=bodies, forced=forces)
    def submit(
        self, caller: int, body: Document, *, forced: bool
    ) -> Expected | MultipleResults[Expected]:
        route = self._rehearse(caller, body, forced=forced)
        answer = self._post(caller, body, forced=forced)
        if not route:
            assert is_refused(answer)
            return multiple()
        return self._admitted(caller, body, answer, route, forced=forced)

    @rule(target=jobs, caller=callers, name=st.sampled_from("ab"), body=bodies, forced=forces)
    def submit_under_a_key(
        self, caller: int, name: str, body: Document, *, forced: bool
    ) -> Expected | MultipleResults[Expected]:
        route = self._rehearse(caller, body, forced=forced)
        answer = self._post(caller, body, name, forced=forced)
        known = self.named.get((caller, name))
        if known and self.now < known.at + _DAY:
            if _UNSAID | body != _UNSAID | known.body:
                assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
            else:
                self._check_replay(answer, known)
            return multiple()
        assert "idempotent-replayed" not in answer.headers
        if not route:
            assert is_refused(answer)
            return multiple()
        job = self._admitted(caller, body, answer, route, forced=forced)
        self.named[caller, name] = Named(body, answer, self.now)
        return job

    @precondition(lambda self: self.named)
    @rule(which=st.integers(0, 999))
    def submit_the_same_again(self, which: int) -> None:
        caller, name = list(self.named)[which % len(self.named)]
        known = self.named[caller, name]
        if self.now < known.at + _DAY:
            spaced = json.dumps(dict(reversed(known.body.items())), indent=2)
            self._check_replay(self._post(caller, spaced, name), known)

    @rule(job=jobs, wait=st.sampled_from([0, 0, 1, 25]))
    def get(self, job: Expected, wait: int) -> None:
        started = self.now
        answer = self._of(job, "GET", query={"wait": str(wait)})
        assert (self.now - started).total_seconds() <= wait
        if self._is_there(job, answer):
            assert answer.json == job.shown

    @rule(job=jobs)
    def cancel(self, job: Expected) -> None:
        was_over, before = job.is_over, job.shown
        job.is_called_off |= not was_over and not job.is_deleted
        answer = self._of(job, "POST", "/cancel")
        if self._is_there(job, answer):
            assert answer.json == before if was_over else answer.json["status"] == "cancelled"

    @rule(job=jobs, caller=callers)
    def retry(self, job: Expected, caller: int) -> None:
        """Retry with any key of the tenant: the attempt is that key's."""
        key = self.keys[min(caller, 1) if job.tenant == "ours" else 2]
        has_room = max(len(job.shown["attempts"]), job.retries + 1) < _MOST_ATTEMPTS
        may = job.status in RETRIABLE and has_room
        answer = self._of(job, "POST", "/retry", key=key)
        if not self._is_there(job, answer, status=202 if may else 409):
            return
        if may:
            job.retries, job.opened_at = job.retries + 1, self.now
            began = len(job.shown["attempts"])
            job.journey.reopened_after.add(began)
            job.payers.append((began + 1, self._key_id(key)))
            has_all = job.shown["delivered_images"] >= job.shown["requested_images"]
            assert answer.json["status"] == ("succeeded" if has_all else "queued")
        else:
            assert answer.json["code"] in {"invalid_state", "too_many_attempts"}

    @rule(job=jobs)
    def delete(self, job: Expected) -> None:
        answer = self._of(job, "DELETE")
        if self._is_there(job, answer, status=204 if job.is_over else 409):
            job.is_deleted = job.is_over

    @rule(job=jobs, index=st.integers(0, 11))
    def get_image(self, job: Expected, index: int) -> None:
        answer = self._of(job, "GET", f"/images/{index}")
        if job.is_deleted:
            assert answer.json["code"] == "job_not_found"
            return
        image = next((i for i in job.shown["images"] if i["index"] == index), None)
        assert answer.status == (302 if image else 404)
        assert image is None or answer.headers["location"] == image["url"]

    @rule(caller=callers, limit=st.sampled_from([1, 2, 3, 100]))
    def list_in_pages(self, caller: int, limit: int) -> None:
        """New jobs do not come between; the pages together are the whole."""
        assert self._listed(caller, limit=limit) == self._listed(caller, limit=100)

    @rule(
        job=jobs,
        way=st.sampled_from(["GET ", "POST /cancel", "POST /retry", "DELETE ", "GET /images/0"]),
    )
    def reach_for_another_tenants_job(self, job: Expected, way: str) -> None:
        """It looks in every way like a job that never was."""
        method, _, rest = way.partition(" ")
        stranger = self.keys[0 if job.tenant == "theirs" else 2]
        answer = self.api(method, f"/v1/jobs/{job.id}{rest}", key=stranger)
        nothing = self.api(method, f"/v1/jobs/{_NO_JOB}{rest}", key=stranger)
        assert answer.status == nothing.status == 404
        assert answer.body.replace(job.id, _NO_JOB) == nothing.body
