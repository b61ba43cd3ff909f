"""What `make bench-peer` makes of the times it took."""

import os

import pytest

from benchmarks.peer.load import Candidate
from benchmarks.peer.report import bars, figures, is_calm
from benchmarks.peer.rounds import Contest, Measured, Round, Setting, Share


def candidate(name: str) -> Candidate:
    return Candidate(name=name, ports=(1,), request=b"", processes={"all": {1}})


DIRECT, OURS, ONE, TWO = map(candidate, ("direct", "ours", "one", "two"))
CONTEST = Contest(upstream=1, direct=DIRECT, ours=OURS, peers=(ONE, TWO))
SETTING = Setting(name="16 in flight", in_flight=16, requests=3, most=1)


def measured(*medians: float, calls: int = 3) -> Measured:
    """Rounds of three requests, one of which took much longer."""
    result = Measured()
    for median in medians:
        times = [median - 1, median, median + 500]
        result.add(Round(milliseconds=times, calls=calls, cpu={"all": 6.0}))
    return result


def contest(ours: Measured, *, one: Measured, two: Measured) -> dict[str, Measured]:
    return {"direct": measured(1, 1, 101), "ours": ours, "one": one, "two": two}


def test_what_is_added_is_taken_round_by_round() -> None:
    """A spell in which everything is slow says nothing about any of them."""
    taken = measured(11, 12, 111).taken

    assert taken.added(measured(1, 1, 101).taken).rounds == [10, 11, 10]


@pytest.mark.parametrize(("ours", "is_missed"), [(20, False), (21, True)])
def test_the_bar_is_what_one_process_of_the_peer_adds(*, ours: float, is_missed: bool) -> None:
    played = contest(
        measured(ours + 1, ours + 1, ours + 101),
        one=measured(21, 21, 121),
        two=measured(2, 2, 102),
    )

    assert bool(bars(CONTEST, SETTING, played).missed) is is_missed


def test_what_the_peer_adds_with_more_processes_is_told_without_a_bar() -> None:
    played = contest(measured(5, 5, 105), one=measured(9, 9, 109), two=measured(3, 3, 103))

    assert bars(CONTEST, SETTING, played).rows == [
        ("one", "0.50", "1", "held"),
        ("two", "2.00", "", ""),
    ]


def test_cpu_is_told_for_one_request() -> None:
    played = contest(measured(5, 5, 105), one=measured(9, 9, 109), two=measured(3, 3, 103))
    row = next(row for row in figures(CONTEST, SETTING, played).rows if row[0] == "ours")

    assert row[-1] == "all 2.0"


def test_a_gateway_that_called_the_upstream_too_often_is_named() -> None:
    too_often = measured(9, 9, 109, calls=4)
    played = contest(measured(5, 5, 105), one=too_often, two=measured(3, 3, 103))

    assert figures(CONTEST, SETTING, played).notes == [
        "one: 12 calls of the upstream for 9 requests"
    ]


def test_what_other_programs_took_is_told_as_a_part_of_all_processors() -> None:
    before = Share(at=10, machine=5000, ours=1000)
    after = Share(at=12, machine=8000, ours=3000)

    cores = os.cpu_count() or 1
    assert after.of_others_since(before) == pytest.approx(0.5 / cores)


@pytest.mark.parametrize(("others", "calm"), [(0.1, True), (0.11, False)])
def test_a_busy_machine_is_no_ground_for_figures(*, others: float, calm: bool) -> None:
    assert is_calm(others) is calm
