"""What `sam build` makes runs in Lambda: AWS's own runtime client drives it, event by event."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any, Final

import boto3
import pytest

from local.engine import ROOT
from local.package import host_architecture
from local.ports import LOOPBACK
from tests.engine import embedded_aws
from tests.http_events import Answer
from tests.lambda_runtime import Environment, Outcome, lambda_environment, lambda_image

type Start = Callable[..., AbstractContextManager[Environment]]

SAMPLES: Final = ROOT / "events"
MOST_BYTES: Final = 20_000_000
PLACES: Final = {
    "CALLBACK_KEYS_PARAMETER": "/callback-keys",
    "MEDIA_BUCKET": "media",
    "COLLECT_QUEUE_URL": "https://queue.example/collect",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of one function: all get the same, and each recipe takes its time."""
    folder = tmp_path_factory.mktemp("sam")
    version = "{}.{}".format(*sys.version_info)
    command = [str(Path(sys.executable).with_name("sam")), "build", "CallbackFunction"]
    command += ["--build-dir", str(folder), "--parameter-overrides"]
    command.append(f"Architecture={host_architecture()}")
    told = {"SAM_CLI_TELEMETRY": "0", "PYTHON_VERSION": version}
    built = subprocess.run(
        command,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if "MAKE" not in name} | told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder / "CallbackFunction"


@pytest.fixture(scope="module")
def start(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Start:
    image = lambda_image(tmp_path_factory.mktemp("image"))

    def started(name: str, **variables: str) -> AbstractContextManager[Environment]:
        handler = f"functions.{name}.handler.lambda_handler"
        return lambda_environment(package, handler, PLACES | variables, image=image)

    return started


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded_aws(tmp_path_factory.mktemp("engine")) as engine:
        ssm = boto3.client(
            "ssm",
            endpoint_url=engine.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        text = json.dumps({"kid": "k1", "key": "a key of another deployment"})
        name = PLACES["CALLBACK_KEYS_PARAMETER"]
        ssm.put_parameter(Name=name, Value=text, Type="SecureString")
        yield engine.url


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_bytes())


def health() -> Any:
    event = sample("manage.http.json")
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/v1/health"
    return event


def test_it_answers_again_and_again(start: Start) -> None:
    with start("manage") as environment:
        answers = [Answer.of(environment.invoke(health()).content) for _ in range(3)]

        assert environment.process.poll() is None
    assert [(one.status, one.json) for one in answers] == [(200, {"status": "ok"})] * 3


@pytest.mark.engine
def test_a_forged_callback_is_nobodys(start: Start, aws: str) -> None:
    with start("callback", AWS_ENDPOINT_URL=aws) as environment:
        answer = Answer.of(environment.invoke(sample("callback.http.json")).content)

    assert (answer.status, answer.json) == (404, {"code": "not_found"})


def test_an_error_is_told_by_its_name_and_the_environment_lives_on(start: Start) -> None:
    with start("manage") as environment:
        failed = environment.invoke({"rawPath": "/v1/health"})
        answer = Answer.of(environment.invoke(health()).content)

    assert (failed.kind, failed.content["errorType"]) == ("error", "KeyError")
    assert answer.status == 200


def test_an_event_that_takes_too_long_ends_its_environment(start: Start) -> None:
    with closing(socket.create_server((LOOPBACK, 0))) as silent:
        url = f"http://{LOOPBACK}:{silent.getsockname()[1]}"
        with start("callback", AWS_ENDPOINT_URL=url) as environment:
            outcome = environment.invoke(sample("callback.http.json"), seconds=3)

            assert outcome == Outcome("timeout")
            assert environment.process.wait() != 0


def test_a_handler_that_is_not_there_fails_the_start(start: Start) -> None:
    with start("nothing") as environment:
        outcome = environment.outcome_of_start()

    assert (outcome.kind, outcome.content["errorType"]) == ("error", "Runtime.ImportModuleError")


@pytest.mark.parametrize("name", [path.parent.name for path in ROOT.glob("functions/*/handler.py")])
def test_every_function_starts(start: Start, name: str) -> None:
    with start(name) as environment:
        assert environment.process.poll() is None
        assert environment.api.outcomes.empty()


def test_the_package_is_small_and_has_byte_code_of_its_own_python(package: Path) -> None:
    files = [path for path in package.rglob("*") if path.is_file()]
    compiled = {
        path.parent.parent / f"{path.name.split('.')[0]}.py": path
        for path in files
        if path.suffix == ".pyc"
    }

    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    assert package / "shared" / "wiring" / "service.py" in compiled
    heads = {path.read_bytes()[:8] for path in compiled.values()}
    unchecked_hash = (1).to_bytes(4, "little")
    assert heads == {MAGIC_NUMBER + unchecked_hash}
