"""LiteLLM's proxy: an OpenAI-compatible image model at the fake upstream, no database.

One worker in each process, as it starts unless told otherwise.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks.peer.load import Candidate, post
from benchmarks.peer.programs import listening
from local.engine import ROOT
from local.ports import LOOPBACK, free_port

FOLDER: Final = ROOT / ".venv-peer"
_KEY: Final = "sk-7d1f0c52b94e4b0c8f63a1e2d5907c4b"  # it refuses to start with a weak one
_BODY: Final = {"model": "seedream", "prompt": "a fox in watercolour", "size": "2048x2048"}


@contextmanager
def running_litellm(upstream: int, *, processes: int) -> Iterator[Candidate]:
    """Start that many; give them back when all of them listen."""
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory()))
        _configure(folder, upstream)
        ports = [free_port() for _ in range(processes)]
        pids = [started.enter_context(_process(folder, port)) for port in ports]
        yield Candidate(
            name="LiteLLM",
            ports=tuple(ports),
            request=post("/v1/images/generations", json.dumps(_BODY).encode(), key=_KEY),
            processes={"proxy": frozenset(pids)},
        )


def _configure(folder: Path, upstream: int) -> None:
    """JSON is YAML."""
    place = {"api_base": f"http://{LOOPBACK}:{upstream}/v1", "api_key": "a key"}
    model = {"model_name": "seedream", "litellm_params": {"model": "openai/seedream", **place}}
    model["model_info"] = {"mode": "image_generation"}
    config = {"model_list": [model], "general_settings": {"master_key": _KEY}}
    (folder / "config.yaml").write_text(json.dumps(config))


@contextmanager
def _process(folder: Path, port: int) -> Iterator[int]:
    command = [str(FOLDER / "bin" / "litellm"), "--config", str(folder / "config.yaml")]
    command += ["--host", LOOPBACK, "--port", str(port), "--num_workers", "1"]
    command += ["--telemetry", "False"]
    environ = {
        "PATH": f"{FOLDER / 'bin'}:{os.defpath}",
        "HOME": str(folder),
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    with listening(command, port=port, log=folder / f"{port}.log", environ=environ) as pid:
        yield pid
