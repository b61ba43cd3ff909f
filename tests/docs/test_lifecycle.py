"""docs/lifecycle.md draws and names what the code has."""

from pathlib import Path

from client.exit_codes import ExitCode
from local.lifecycle import diagram
from shared.domain.status import TERMINAL, TRANSITIONS, JobStatus
from tests.docs.documents import Document
from tests.docs.test_event_schemas import SCHEMA

LIFECYCLE = Document(Path("docs/lifecycle.md"))
BEGIN, END = "<!-- lifecycle: begin -->", "<!-- lifecycle: end -->"


def drawn() -> dict[str, set[str]]:
    """Read the arrows of the picture, the shared ones for each state they stand for."""
    still_open = [status.value for status in JobStatus if status not in TERMINAL]
    arrows: dict[str, set[str]] = {status: set() for status in JobStatus}
    for line in diagram().splitlines():
        source, arrow, target = line.strip().partition(" --> ")
        if arrow and source != "[*]":
            for status in still_open if source == "open" else [source]:
                arrows[status].add(target.partition(":")[0])
    return arrows


def test_the_picture_is_what_the_program_prints() -> None:
    picture = LIFECYCLE.text.partition(BEGIN)[2].partition(END)[0].strip()

    assert picture == f"```mermaid\n{diagram()}\n```", "run python -m local.lifecycle"


def test_the_picture_has_every_transition_and_no_other() -> None:
    assert drawn() == {status: set(targets) for status, targets in TRANSITIONS.items()}


def test_every_state_is_explained_in_order() -> None:
    rows = LIFECYCLE.table("state")

    assert [state for state, _, _ in rows] == [status.value for status in JobStatus]
    ends = {state for state, _, leads_on in rows if leads_on in {"nothing", "a retry"}}
    assert ends == {status.value for status in TERMINAL}
    retried = {state for state, _, leads_on in rows if leads_on == "a retry"}
    assert retried == {status for status in TERMINAL if TRANSITIONS[status]}


def test_every_event_is_told() -> None:
    told = [name.strip("`") for names, _ in LIFECYCLE.table("event") for name in names.split(", ")]

    assert told == SCHEMA["properties"]["type"]["enum"]


def test_every_exit_code_it_names_is_one() -> None:
    codes = [int(code) for code, _ in LIFECYCLE.table("exit code")]

    assert codes == [
        ExitCode.OK,
        ExitCode.WRONG_USAGE,
        ExitCode.UNREACHABLE,
        ExitCode.NOT_AUTHORISED,
    ]
