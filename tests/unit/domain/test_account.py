"""The account of a budget: which alarms are due, and how far it is to the next."""

from shared.domain.account import Account
from shared.domain.ids import KeyId


def an_account(committed: int, *, told: int = 0, budget: int = 1000) -> Account:
    return Account(
        key_id=KeyId("0" * 16), window="2026-11", budget=budget, committed=committed, told=told
    )


def test_the_next_alarm_is_one_micro_dollar_away_from_what_may_be_committed() -> None:
    account = an_account(committed=120)
    before = account.before_next()

    assert before == 499
    assert an_account(committed=before).to_tell() == ()
    assert an_account(committed=before + 1).to_tell() == (50,)


def test_an_alarm_that_has_gone_is_not_waited_for_again() -> None:
    assert an_account(committed=400, told=50).before_next() == 799


def test_an_alarm_that_is_reached_already_is_not_ahead() -> None:
    assert an_account(committed=850).before_next() == 999


def test_once_all_is_committed_no_alarm_is_ahead() -> None:
    assert an_account(committed=1000).before_next() is None


def test_a_part_of_a_micro_dollar_counts_as_a_whole_one() -> None:
    account = an_account(committed=0, budget=3)

    assert account.before_next() == 1
    assert an_account(committed=2, budget=3).to_tell() == (50,)
