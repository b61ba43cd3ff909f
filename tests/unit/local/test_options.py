import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from client.__main__ import app
from client.exit_codes import ExitCode
from local.errors import UsageError
from local.folders import Folders, run_folders
from local.stack import StackOptions, sandbox_latency


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--port", "65536"],
        ["up", "--port", "x"],
        ["up", "--latency", "-1"],
        ["up", "--allow-loopback", "localhost"],
        ["up", "--data", __file__],
        ["demo", "--out", __file__],
        ["down"],
    ],
)
def test_wrong_usage_exits_with_its_own_code(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == ExitCode.WRONG_USAGE


@pytest.mark.parametrize("origin", ["localhost", ":80", "127.0.0.1:", "127.0.0.1:0", "a:65536"])
def test_an_allowed_origin_has_a_host_and_a_port(origin: str) -> None:
    with pytest.raises(UsageError):
        StackOptions(allow_loopback=(origin,))


def test_the_sandbox_is_as_slow_as_the_environment_says() -> None:
    assert sandbox_latency({"SEEDHOOK_SANDBOX_LATENCY": "0.5"}) == 0.5
    assert sandbox_latency({"SEEDHOOK_SANDBOX_LATENCY": " "}, default=0.1) == 0.1
    assert sandbox_latency({}) == 0.02


@pytest.mark.parametrize("value", ["fast", "-1", "nan", "inf"])
def test_a_latency_that_is_no_number_from_zero_up_is_refused(value: str) -> None:
    with pytest.raises(UsageError):
        sandbox_latency({"SEEDHOOK_SANDBOX_LATENCY": value})


def test_a_run_without_a_data_folder_leaves_and_remembers_nothing() -> None:
    with run_folders(None) as folders:
        folders.remember("api-key", "sk_1")
        assert folders.recall("api-key") is None
        assert folders.state is None
    assert not folders.temp.exists()


def test_what_a_data_folder_remembers_is_closed_to_others(tmp_path: Path) -> None:
    folders = Folders(temp=tmp_path / "temp", data=tmp_path)

    folders.remember("api-key", "sk_1")
    folders.remember("api-key", "sk_2")

    assert folders.recall("api-key") == "sk_2"
    assert stat.S_IMODE((tmp_path / "api-key.json").stat().st_mode) == 0o600


def test_a_data_folder_serves_one_stack_at_a_time(tmp_path: Path) -> None:
    with run_folders(tmp_path / "data"), pytest.raises(UsageError), run_folders(tmp_path / "data"):
        pass
    with run_folders(tmp_path / "data") as folders:
        assert folders.data == tmp_path / "data"
