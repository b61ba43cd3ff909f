"""What providers do: take orders or not, finish, fail, lose answers, fall silent, call back."""

from collections.abc import Collection, Sequence
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.domain.errors import (
    ErrorCode,
    FateUnknown,
    Fault,
    NotSent,
    Refused,
    SubmissionError,
)
from shared.domain.ids import TaskId
from shared.domain.reports import TaskState
from tests.fuzz.stage import Stage
from tests.fuzz.suppliers import Task


def _fault(code: ErrorCode) -> Fault:
    return Fault(code=code, message=f"they say {code}")


_DOWN: Final = NotSent(_fault(ErrorCode.PROVIDER_UNAVAILABLE))
_MUCH_TO_DO: Final = NotSent(_fault(ErrorCode.PROVIDER_RATE_LIMIT), retry_after_seconds=90)
_CUT_OFF: Final = FateUnknown(_fault(ErrorCode.AMBIGUOUS_SUBMIT))
_CONTENT: Final = Refused(_fault(ErrorCode.CONTENT_POLICY))
_INPUT: Final = Refused(_fault(ErrorCode.INVALID_INPUT))
_REJECTED: Final = Refused(_fault(ErrorCode.PROVIDER_REJECTED))
_CREDITS: Final = Refused(_fault(ErrorCode.PROVIDER_CREDITS))
# None accepts. In each mood some answers meet in one attempt that rarely would by chance.
_moods: Final[list[list[SubmissionError | None]]] = [
    [None, _DOWN, _MUCH_TO_DO, _CUT_OFF, _CONTENT, _INPUT, _REJECTED, _CREDITS],
    [_REJECTED],
    [_DOWN],
    [_REJECTED, _MUCH_TO_DO],
    [None, _DOWN, _CREDITS],
    [_CONTENT, _DOWN, _CREDITS],
    [_CUT_OFF, _DOWN, _CREDITS],
    [_CUT_OFF],
    [_INPUT],
]
answers = st.sampled_from(_moods).flatmap(
    lambda mood: st.lists(st.sampled_from(mood), min_size=1, max_size=9)
)
# One provider alone is out of luck more often than all of them: that is when others are asked.
_names: Final = ("apixo", "oxen", "aimlapi")
some_of_them = st.sampled_from(
    [*((name,) for name in _names), *((name,) for name in _names), _names]
)
reasons = st.sampled_from(
    [
        ErrorCode.CONTENT_POLICY,
        ErrorCode.INTERNAL,
        ErrorCode.PROVIDER_REJECTED,
        ErrorCode.PROVIDER_UNAVAILABLE,
    ]
)
indexes = st.integers(0, 999)


class ProviderRules(Stage):
    def _pending(self) -> list[Task]:
        return self.theirs.tasks(state=TaskState.PENDING)

    @precondition(lambda self: self._pending())
    @rule(which=indexes, missing=st.sampled_from([0, 0, 0, 1, 2, 10]))
    def a_provider_finishes(self, which: int, missing: int) -> None:
        pending = self._pending()
        provider, task_id, task = pending[which % len(pending)]
        provider.finish(task_id, images=max(0, task.images - missing))

    @precondition(lambda self: self._pending())
    @rule(which=indexes, code=reasons)
    def a_provider_fails(self, which: int, code: ErrorCode) -> None:
        pending = self._pending()
        provider, task_id, _ = pending[which % len(pending)]
        provider.fail(task_id, _fault(code))

    @precondition(lambda self: self._pending())
    @rule(which=indexes, code=reasons, is_alone=st.booleans())
    def a_provider_fails_all_it_has(self, which: int, code: ErrorCode, *, is_alone: bool) -> None:
        """Of one job, or of all: then the next provider is asked for the whole."""
        pending = self._pending()
        unlucky, _, first = pending[which % len(pending)]
        for provider, task_id, task in pending:
            if provider is unlucky and (not is_alone or task.order.job_id == first.order.job_id):
                provider.fail(task_id, _fault(code))

    @rule(names=some_of_them, told=answers)
    def the_next_orders_are_answered_so(
        self, names: Collection[str], told: Sequence[SubmissionError | None]
    ) -> None:
        self.theirs.will_answer(names, told)

    @rule(names=some_of_them, loses=st.booleans(), is_silent=st.booleans())
    def answers_are_lost_or_none_is_given(
        self, names: Collection[str], *, loses: bool, is_silent: bool
    ) -> None:
        for name in names:
            provider = self.theirs.providers[name]
            provider.loses_answers, provider.is_silent = loses, is_silent

    @precondition(lambda self: self.service.apixo.files)
    @rule(which=indexes, content=st.sampled_from([None, b"<html>", b"\x89PNG\r\n\x1a\n"]))
    def a_finished_image_is_lost(self, which: int, content: bytes | None) -> None:
        self.has_lost_files = True
        files = self.service.apixo.files
        url = list(files)[which % len(files)]
        if content is None:
            del files[url]
        else:
            files[url] = content

    @precondition(lambda self: self.sent)
    @rule(which=indexes, task=indexes, times=st.sampled_from([1, 1, 2]))
    def the_provider_calls_back(self, which: int, task: int, times: int) -> None:
        """About any order it ever got: also late, again, and of an attempt long given up."""
        sent = self.sent[which % len(self.sent)]
        mine = [i for i, t in self.service.apixo.tasks.items() if t.order == sent.order]
        for _ in range(times):
            self._call_back(sent, mine[task % len(mine)] if mine else TaskId("apixo-none"))

    @rule(deed=st.sampled_from(["cancel", "call back"]))
    def something_happens_during_the_next_order(self, deed: str) -> None:
        self.on_next_order = self._cancel_now if deed == "cancel" else self._overtake
