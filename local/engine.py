"""The embedded AWS: ministack in its own environment, process group and folder.

Bridges over what the engine does otherwise:

* It binds every interface and opens side ports (SFTP, MQTT): here it binds loopback only, and the
  side ports stay shut, because two engines would fight for them.
* Functions inherit its whole environment: here it is built from nothing, so no key, profile or
  proxy of the caller's shell reaches a function, and what Lambda sets is set.
* It unpacks a package for every worker: local/shared_code shares what was unpacked.
* It has the processor in common with its functions: local/giving_way lets it go first.
* It leaves `ministack-lambda-*` folders behind: they go with the folder given as TMPDIR.
* It would outlive a parent that was killed: it reads a pipe and stops when that closes.
* It saves its state on SIGTERM only, and waits for running invocations before it exits: workers
  get a SIGTERM of their own after a moment, and the group is killed in the end.
"""

import inspect
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from local import giving_way, shared_code
from local.engine_state import rewind_streams
from local.errors import StackError
from local.ports import LOOPBACK

REGION = "us-east-1"
ROOT = Path(__file__).resolve().parent.parent
_COUNTING = ROOT / "local" / "counting"
PYTHON = ROOT / ".venv-engine" / "bin" / "python"

# The engine's main module, plus a thread that ends it when whoever started it is gone.
_MAIN = """
import os, signal, threading

zipfile.ZipFile = SharingZipFile
subprocess.Popen = GivingWay

def leave_with_parent():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=leave_with_parent, daemon=True).start()
from ministack.app import main
main()
"""

# Asked for by tests: who was judged for which action, and by which statements of the role.
_WITNESS = """
import json, sys
from ministack.core import iam_evaluator

judge = iam_evaluator.evaluate

def witnessed(ctx, policies, *limits):
    result = judge(ctx, policies, *limits)
    if sys._getframe(1).f_code.co_name != "enforce":  # a resource's own policy: who else may
        return result
    statements = [one for document in policies for one in document]
    matched = [n for n, one in enumerate(statements)
               if iam_evaluator._first_match(ctx, [one], "Allow")]
    line = {"principal": ctx.principal_arn, "action": ctx.action, "resource": ctx.resource_arn,
            "statements": matched, "decision": result.decision}
    with open(WITNESS, "a") as file:
        file.write(json.dumps(line) + "\\n")
    return result

iam_evaluator.evaluate = witnessed
"""

_RUNNING: set[subprocess.Popen[bytes]] = set()

_START_SECONDS = 60
_WORKERS_GET = 1.0
_SAVING_GETS = 30.0
_REAPING_GETS = 0.5
_POLL = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    port: int
    temp: Path
    log: Path
    objects: Path
    state: Path | None = None
    strict: bool = False
    witness: Path | None = None
    calls: Path | None = None  # where functions write down what they call


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    options: EngineOptions
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.options.port}"

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self.process.poll() is not None:
                raise StackError(f"the embedded AWS stopped at once:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise StackError(f"the embedded AWS does not answer:\n{self.log_tail()}")
            time.sleep(_POLL)

    def log_tail(self, lines: int = 30) -> str:
        with suppress(OSError):
            return "\n".join(self.options.log.read_text(errors="replace").splitlines()[-lines:])
        return "(no log)"

    def _answers(self) -> bool:
        # No environment proxy may come between us and our own loopback port.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with suppress(urllib.error.URLError, OSError):
            opener.open(f"{self.url}/_ministack/health", timeout=2).close()
            return True
        return False


def environment(options: EngineOptions, shell: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": shell.get("PATH", os.defpath),
        "HOME": str(options.temp),
        "TMPDIR": str(options.temp),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(options.port),
        "MINISTACK_REGION": REGION,
        "AUTH": str(options.strict).lower(),
        "LOG_LEVEL": "INFO",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(options.objects),
        "PERSIST_STATE": "1" if options.state else "0",
        "STATE_DIR": str(options.state or options.temp),
        # From here on: what a function finds in its environment.
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{options.port}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "POWERTOOLS_TRACE_DISABLED": "1",
        **_counting(options),
    }


def _counting(options: EngineOptions) -> dict[str, str]:
    if options.calls is None:
        return {}
    return {"PYTHONPATH": str(_COUNTING), "SEEDHOOK_CALLS": str(options.calls)}


@contextmanager
def running_engine(options: EngineOptions) -> Iterator[Engine]:
    """Start the engine; it may not answer yet. Leaves no process of its group behind."""
    if not PYTHON.exists():
        raise StackError("the embedded AWS is not installed; run: make install")
    if options.state:
        rewind_streams(options.state)
    with options.log.open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, "-c", _program(options)],
            cwd=options.temp,
            env=environment(options, os.environ),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _RUNNING.add(process)
    try:
        yield Engine(options=options, process=process)
    finally:
        try:
            if options.state:
                _let_it_save(process)
        finally:
            _kill(process)
            _RUNNING.discard(process)


def _program(options: EngineOptions) -> str:
    witness = "" if options.witness is None else f"WITNESS = {str(options.witness)!r}\n{_WITNESS}"
    bridges = "".join(inspect.getsource(module) for module in (shared_code, giving_way))
    return f"{bridges}{witness}{_MAIN}"


def kill_all() -> None:
    """Kill what this process started, state unsaved: what a second Ctrl-C asks for."""
    for process in tuple(_RUNNING):
        _signal_group(process, signal.SIGKILL)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the engine and every worker it started, and wait until none is left."""
    _signal_group(process, signal.SIGKILL)
    process.wait()
    # The killed workers are the init process's to reap, which may take its time.
    _until(lambda: not _signal_group(process, 0), seconds=_REAPING_GETS)
    if process.stdin:
        process.stdin.close()


def _let_it_save(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    if not _until(lambda: process.poll() is not None, seconds=_WORKERS_GET):
        _signal_group(process, signal.SIGTERM)
        _until(lambda: process.poll() is not None, seconds=_SAVING_GETS)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> bool:
    """Tell whether the group still had members."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _until(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
