"""docs/sandbox.md tells of every fault, and of no other."""

import re
from pathlib import Path

import pytest

from local.sandbox.faults.fault import Fault
from local.sandbox.faults.known import KNOWN
from local.sandbox.ledger import Provider

PAGE = Path("docs/sandbox.md")
ROW = re.compile(r"^\| `([a-z]+-[a-z-]+)` \| ([^|]*) \| ([^|]*)\|", re.MULTILINE)
TOLD = {name: (at, parameters) for name, at, parameters in ROW.findall(PAGE.read_text())}
TITLES = {"APIXO": Provider.APIXO, "Oxen": Provider.OXEN, "AI/ML API": Provider.AIMLAPI}
NAMES = dict.fromkeys(name for known in KNOWN.values() for name in known)


def test_the_page_tells_of_every_fault_and_of_no_other() -> None:
    assert TOLD.keys() == NAMES.keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_page_tells_who_has_a_fault_and_its_parameters(name: str) -> None:
    at, parameters = TOLD[name]
    told = set(Provider) if at == "all" else {TITLES[title] for title in at.split(", ")}
    having = {provider: known[name] for provider, known in KNOWN.items() if name in known}
    fields = {field for kind in having.values() for field in kind.model_fields}

    assert told == having.keys()
    for field in fields - set(Fault.model_fields):
        assert f"`{field}`" in parameters
