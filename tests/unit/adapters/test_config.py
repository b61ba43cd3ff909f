"""Settings: a variable that is missing is named when it is needed."""

import pytest

from shared.config import AddressSettings, AnswerSettings, SettingMissing, TableSettings


@pytest.mark.parametrize("environ", [{}, {"TABLE_NAME": ""}])
def test_a_variable_that_is_missing_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SettingMissing, match="TABLE_NAME is not set, and TableSettings needs it"):
        TableSettings.from_env(environ)


def test_variables_are_read_and_the_rest_has_defaults() -> None:
    settings = AddressSettings.from_env({"PUBLIC_URL": "https://api.example", "OTHER": "x"})

    assert settings.public_url == "https://api.example"
    assert settings.loopback_url == ""


@pytest.mark.parametrize(("text", "seconds"), [("", 25), ("3", 3), ("0.5", 0.5), ("60", 25)])
def test_no_answer_takes_longer_than_the_gateway_waits(text: str, seconds: float) -> None:
    assert AnswerSettings.from_env({"ANSWER_SECONDS": text}).seconds == seconds


@pytest.mark.parametrize(("text", "seconds"), [("240", 240), ("7.5", 7.5), ("3600", 840)])
def test_behind_a_function_url_an_answer_ends_before_lambda_ends_the_function(
    text: str, seconds: float
) -> None:
    environ = {"ANSWER_SECONDS": "2", "OPENAI_WAIT_SECONDS": text}

    assert AnswerSettings.from_env(environ).seconds == seconds
