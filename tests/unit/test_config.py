"""The environment: what is missing is named, and lists are read as an operator writes them."""

import pytest

from shared.config import (
    LimitSettings,
    OutgoingSettings,
    ProviderSettings,
    SettingMissing,
    TableSettings,
)

KEYS = {"APIXO_KEY_PARAMETER": "/seedhook/apixo"}


@pytest.mark.parametrize("environ", [{}, {"TABLE_NAME": ""}], ids=["missing", "empty"])
def test_what_is_missing_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SettingMissing, match="TABLE_NAME"):
        TableSettings.from_env(environ)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", {}),
        ("apixo=200", {"apixo": 200}),
        (" apixo = 200 , oxen=50,", {"apixo": 200, "oxen": 50}),
    ],
)
def test_limits_are_read_by_provider(text: str, limits: dict[str, int]) -> None:
    assert LimitSettings.from_env({"MAX_IN_FLIGHT": text}).limits == limits


@pytest.mark.parametrize("text", ["apixo", "apixo=", "apixo=many"])
def test_a_limit_that_is_no_number_is_no_missing_limit(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        _ = LimitSettings.from_env({"MAX_IN_FLIGHT": text}).limits


def test_a_provider_without_a_key_is_not_used() -> None:
    addresses = {"APIXO_BASE_URL": "https://a.example/", "OXEN_BASE_URL": "https://o.example"}

    assert ProviderSettings.from_env(addresses | KEYS).base_urls == {"apixo": "https://a.example"}


def test_every_provider_has_its_own_address_and_key() -> None:
    names = ("apixo", "oxen", "aimlapi")
    environ = {f"{name.upper()}_BASE_URL": f"https://{name}.example" for name in names}
    environ |= {f"{name.upper()}_KEY_PARAMETER": f"/seedhook/{name}" for name in names}

    settings = ProviderSettings.from_env(environ)

    assert settings.base_urls == {name: f"https://{name}.example" for name in names}
    assert settings.key_parameters == {name: f"/seedhook/{name}" for name in names}


@pytest.mark.parametrize(
    ("text", "names"), [("", set()), ("apixo", {"apixo"}), (" apixo ,, oxen ", {"apixo", "oxen"})]
)
def test_only_those_named_are_sandboxes(text: str, names: set[str]) -> None:
    assert ProviderSettings.from_env({"SANDBOX_PROVIDERS": text}).sandboxed == names


def test_no_loopback_address_may_be_called_unless_it_is_named() -> None:
    origins = {"LOOPBACK_ORIGINS": "http://127.0.0.1:9000, http://localhost:9001"}

    assert OutgoingSettings.from_env({}).allowed_loopback == frozenset()
    assert OutgoingSettings.from_env(origins).allowed_loopback == {
        "http://127.0.0.1:9000",
        "http://localhost:9001",
    }
