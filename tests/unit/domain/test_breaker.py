"""When a breaker opens, how long it stays so, and who may try whether the outage is over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.breaker import OPENS_AFTER, PROBE_LIFE, Breaker, BreakerState
from shared.domain.errors import ErrorCode, Fault
from shared.domain.events import outage

NOW: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
MOMENT: Final = timedelta(microseconds=1)
SILENT: Final = (ErrorCode.PROVIDER_UNAVAILABLE, ErrorCode.AMBIGUOUS_SUBMIT)
AT_ONCE: Final = (ErrorCode.PROVIDER_AUTH, ErrorCode.PROVIDER_CREDITS)
ABOUT_THE_REQUEST: Final = (
    ErrorCode.CONTENT_POLICY,
    ErrorCode.INVALID_INPUT,
    ErrorCode.REFERENCE_UNREACHABLE,
    ErrorCode.PROVIDER_REJECTED,
)
SAYS_NOTHING: Final = (ErrorCode.PROVIDER_RATE_LIMIT, ErrorCode.INTERNAL)


def fault(code: ErrorCode = ErrorCode.PROVIDER_UNAVAILABLE) -> Fault:
    return Fault(code=code, message="apixo: words of theirs, sk-live-123")


def a_breaker() -> Breaker:
    return Breaker(provider="apixo", model="seedream-4.5")


def failing(times: int, *, code: ErrorCode = ErrorCode.PROVIDER_UNAVAILABLE) -> Breaker:
    breaker = a_breaker()
    for _ in range(times):
        breaker = breaker.after(fault(code), NOW)
    return breaker


def opened(code: ErrorCode = ErrorCode.PROVIDER_UNAVAILABLE) -> Breaker:
    return failing(OPENS_AFTER, code=code)


def probed_in_vain(breaker: Breaker) -> Breaker:
    """Try as soon as the pause is over, and fail a second later."""
    assert breaker.retry_at
    return breaker.probing(breaker.retry_at).after(fault(), breaker.retry_at + SECOND)


@pytest.mark.parametrize("code", SILENT)
def test_five_calls_in_a_row_that_nobody_answers_open_it(code: ErrorCode) -> None:
    four = failing(4, code=code)
    five = four.after(fault(code), NOW)

    assert (four.state(NOW), four.admits(NOW)) == (BreakerState.CLOSED, True)
    assert (five.state(NOW), five.admits(NOW)) == (BreakerState.OPEN, False)
    assert five.reason == Fault(code=code, message="5 calls in a row could not be answered")


@pytest.mark.parametrize("outcome", [None, *map(fault, ABOUT_THE_REQUEST)])
def test_any_sign_of_life_starts_the_count_anew(outcome: Fault | None) -> None:
    breaker = failing(4).after(outcome, NOW)

    assert breaker.failures == 0
    for _ in range(4):
        breaker = breaker.after(fault(), NOW)
    assert breaker.admits(NOW)


@pytest.mark.parametrize("code", AT_ONCE)
def test_a_refused_key_or_used_up_credits_open_it_at_once(code: ErrorCode) -> None:
    breaker = a_breaker().after(fault(code), NOW)

    assert breaker.state(NOW) is BreakerState.OPEN
    assert breaker.reason
    assert breaker.reason.code is code


@pytest.mark.parametrize("code", [*SILENT, *AT_ONCE])
def test_its_reason_never_repeats_a_providers_words(code: ErrorCode) -> None:
    breaker = opened(code)
    event = outage(breaker, was=failing(4))

    assert event
    assert "theirs" not in event.detail
    assert "sk-live-123" not in repr(breaker)


@pytest.mark.parametrize("code", SAYS_NOTHING)
def test_what_says_nothing_of_the_providers_health_is_not_counted(code: ErrorCode) -> None:
    breaker = failing(4)

    for _ in range(10):
        assert breaker.after(fault(code), NOW) is breaker


@pytest.mark.parametrize("outcome", [None, *map(fault, ABOUT_THE_REQUEST + SAYS_NOTHING)])
def test_in_good_times_there_is_nothing_to_write_down(outcome: Fault | None) -> None:
    breaker = a_breaker()

    assert breaker.after(outcome, NOW) is breaker
    assert breaker.probing(NOW) is breaker


@pytest.mark.parametrize(
    ("code", "seconds"),
    [(ErrorCode.PROVIDER_UNAVAILABLE, 30)] + [(code, 60) for code in AT_ONCE],
)
def test_while_open_nothing_is_let_through_until_the_pause_is_over(
    code: ErrorCode, seconds: int
) -> None:
    breaker = opened(code) if code in SILENT else a_breaker().after(fault(code), NOW)
    over = NOW + timedelta(seconds=seconds)

    assert not breaker.admits(over - MOMENT)
    assert breaker.state(over - MOMENT) is BreakerState.OPEN
    assert breaker.admits(over)
    assert breaker.state(over) is BreakerState.HALF_OPEN


@pytest.mark.parametrize("outcome", [None, fault(), fault(ErrorCode.PROVIDER_AUTH)])
def test_what_was_on_its_way_before_it_opened_changes_nothing(outcome: Fault | None) -> None:
    breaker = opened()

    assert breaker.after(outcome, NOW + 29 * SECOND) is breaker


def test_half_open_it_lets_one_call_through_and_no_other() -> None:
    half_open = NOW + 30 * SECOND
    probed = opened().probing(half_open)

    assert not probed.admits(half_open)
    assert probed.state(half_open) is BreakerState.HALF_OPEN
    assert probed.version == opened().version + 1


def test_the_right_to_try_expires_with_whoever_took_it() -> None:
    at = NOW + 30 * SECOND
    probed = opened().probing(at)

    assert not probed.admits(at + PROBE_LIFE - MOMENT)
    assert probed.admits(at + PROBE_LIFE)
    assert not probed.probing(at + PROBE_LIFE).admits(at + PROBE_LIFE)


@pytest.mark.parametrize("outcome", [None, *map(fault, ABOUT_THE_REQUEST)])
def test_a_trial_that_shows_life_closes_it(outcome: Fault | None) -> None:
    at = NOW + 30 * SECOND
    closed = opened().probing(at).after(outcome, at + SECOND)

    assert (closed.state(at), closed.admits(at)) == (BreakerState.CLOSED, True)
    assert closed.closed_at == at + SECOND
    assert closed.reason is None


def test_it_remembers_when_the_latest_outage_ended() -> None:
    at = NOW + 30 * SECOND
    closed = opened().probing(at).after(None, at)

    later = closed.after(fault(), at + SECOND).after(None, at + 2 * SECOND)

    assert later.failures == 0
    assert later.closed_at == at


def test_each_trial_in_vain_doubles_the_pause_up_to_ten_minutes() -> None:
    breaker, pauses = opened(), []
    for _ in range(7):
        pauses.append(int(breaker.pause.total_seconds()))
        breaker = probed_in_vain(breaker)

    assert pauses == [30, 60, 120, 240, 480, 600, 600]


def test_a_pause_begins_when_the_trial_has_failed() -> None:
    failed_at = NOW + 31 * SECOND
    breaker = probed_in_vain(opened())

    assert breaker.state(failed_at + 60 * SECOND - MOMENT) is BreakerState.OPEN
    assert breaker.admits(failed_at + 60 * SECOND)


def test_trials_in_vain_are_of_one_outage_and_count_on() -> None:
    breaker = probed_in_vain(probed_in_vain(opened()))

    assert breaker.opened_at == NOW
    assert breaker.reason
    assert breaker.reason.message == "7 calls in a row could not be answered"


def test_the_next_outage_begins_with_a_short_pause() -> None:
    at = NOW + timedelta(hours=1)
    breaker = probed_in_vain(probed_in_vain(opened())).probing(at).after(None, at)
    for _ in range(5):
        breaker = breaker.after(fault(), at)

    assert (breaker.opened_at, breaker.retry_at) == (at, at + 30 * SECOND)


def test_a_trial_that_fails_for_another_reason_tells_that_one() -> None:
    at = NOW + 30 * SECOND
    breaker = opened().probing(at).after(fault(ErrorCode.PROVIDER_CREDITS), at)

    assert breaker.reason == Fault(
        code=ErrorCode.PROVIDER_CREDITS, message="our credits are used up"
    )
    assert breaker.retry_at == at + 60 * SECOND


@pytest.mark.parametrize("code", SAYS_NOTHING)
def test_a_trial_that_says_nothing_gives_the_right_back(code: ErrorCode) -> None:
    at = NOW + 30 * SECOND
    breaker = opened().probing(at).after(fault(code), at + SECOND)

    assert breaker.state(at + SECOND) is BreakerState.HALF_OPEN
    assert breaker.admits(at + SECOND)


def test_an_outage_is_told_where_it_begins_and_where_it_ends_and_not_between() -> None:
    at = NOW + timedelta(minutes=5)
    steps = [failing(4), opened(), probed_in_vain(opened())]
    steps += [steps[-1].probing(at), steps[-1].probing(at).after(None, at)]
    pairs = pairwise(steps)

    events = [outage(breaker, was=was) for was, breaker in pairs]

    assert [event and event.type for event in events] == [
        "provider.open",
        None,
        None,
        "provider.closed",
    ]


codes = st.none() | st.sampled_from(ErrorCode).map(fault)
steps = st.lists(
    st.tuples(st.integers(min_value=0, max_value=900), st.booleans(), codes), max_size=40
)


@given(steps)
def test_whatever_happens_it_lets_a_call_through_again_and_then_only_one(
    story: list[tuple[int, bool, Fault | None]],
) -> None:
    """And each change makes one version, each announced version another id."""
    breaker, now, ids = a_breaker(), NOW, []
    for seconds, probes, outcome in story:
        now += timedelta(seconds=seconds)
        if probes and breaker.admits(now):
            breaker = breaker.probing(now)
        changed = breaker.after(outcome, now)
        assert changed == breaker or changed.version == breaker.version + 1
        event = outage(changed, was=breaker)
        ids += [event.id] if event else []
        breaker = changed

    latest = now + timedelta(minutes=10)
    assert breaker.admits(latest)
    assert breaker.probing(latest).admits(latest) is not breaker.is_tripped
    assert len(set(ids)) == len(ids)


def test_an_outage_of_months_is_like_any_other() -> None:
    breaker = replace(opened(), failures=100_000, pause=timedelta(minutes=10))

    assert probed_in_vain(breaker).pause == timedelta(minutes=10)
