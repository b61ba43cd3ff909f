"""The trace of an invocation, as Lambda writes it into the environment."""

import pytest

from shared.adapters.trace import trace_id

ROOT = "1-67891233-abcdef012345678912345678"


@pytest.mark.parametrize(
    "header",
    [f"Root={ROOT}", f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1", f"Sampled=0;Root={ROOT}"],
)
def test_the_root_names_the_trace(header: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)

    assert trace_id() == ROOT


@pytest.mark.parametrize("header", ["", "Root=", "Root=1-2-3", f"Root={ROOT}é", "Parent=1"])
def test_what_is_no_trace_is_none(header: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)

    assert trace_id() == ""


def test_outside_of_lambda_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)

    assert trace_id() == ""
