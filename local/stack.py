"""The whole stack on this machine, as a context manager.

Engine, sandbox providers, deployment of template.yaml, front proxy, API key. `seedhook up`,
`seedhook demo` and the end-to-end tests use it.
"""

import hashlib
import math
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from local.api_key import obtain_api_key, remembered_api_key
from local.deploy import Deployer, Deployment
from local.engine import REGION, ROOT, Engine, EngineOptions, running_engine
from local.errors import StackError, UsageError
from local.folders import Folders, run_folders
from local.function_logs import complaints
from local.package import Packages, build_packages, host_architecture
from local.ports import LOOPBACK, check_origin, free_port, listening_socket
from local.providers import Connection, connections, template_parameters
from local.proxy import create_app, function_url, http_api, serving
from local.sandbox.faults.plan import NO_FAULTS, Plan, PlanRefused, read_plan
from local.sandbox.server import running_sandbox

DEFAULT_PORT = 8787
DEFAULT_LATENCY = 0.02


def silent(_: str) -> None:
    """Report no progress."""


def sandbox_latency(environ: Mapping[str, str], *, default: float = DEFAULT_LATENCY) -> float:
    value = environ.get("SEEDHOOK_SANDBOX_LATENCY", "").strip()
    try:
        latency = float(value) if value else default
    except ValueError:
        latency = -1
    if not 0 <= latency < math.inf:
        raise UsageError(f"SEEDHOOK_SANDBOX_LATENCY={value} is not a number from 0 up")
    return latency


def chaos_plan(file: Path | None) -> Plan:
    try:
        return read_plan(file.read_bytes()) if file else NO_FAULTS
    except (OSError, PlanRefused) as exc:
        raise UsageError(f"--chaos {file}: {exc}") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    port: int = DEFAULT_PORT
    data: Path | None = None
    latency: float = DEFAULT_LATENCY
    chaos: Plan = NO_FAULTS
    allow_loopback: tuple[str, ...] = ()
    strict: bool = False
    witness: Path | None = None  # where the engine writes down what it judged, if strict
    calls: Path | None = None  # where functions write down what they call: local/counting
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    root: Path = ROOT
    report: Callable[[str], None] = silent

    def __post_init__(self) -> None:
        for origin in self.allow_loopback:
            check_origin(origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A running stack. What the contract's ready line shows, and what tests need besides."""

    api_url: str
    openai_url: str
    api_key: str
    aws_endpoint_url: str
    region: str
    uploads_bucket: str
    media_bucket: str
    table: str
    event_bus: str
    sandbox_url: str
    admin_key: str
    connections: tuple[Connection, ...]
    engine: Engine

    @property
    def console_url(self) -> str:
        return f"{self.api_url}/"

    def ready_line(self) -> dict[str, str]:
        return {
            "api_url": self.api_url,
            "openai_url": self.openai_url,
            "api_key": self.api_key,
            "admin_key": self.admin_key,
            "console_url": self.console_url,
            "aws_endpoint_url": self.aws_endpoint_url,
            "region": self.region,
            "uploads_bucket": self.uploads_bucket,
            "media_bucket": self.media_bucket,
            "table": self.table,
            "event_bus": self.event_bus,
            "sandbox_url": self.sandbox_url,
        }

    def wait(self) -> None:
        """Block while the engine runs; its end, unasked for, is an error."""
        self.engine.process.wait()
        raise StackError(f"the embedded AWS stopped:\n{self.engine.log_tail()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What runs before anything is deployed."""

    folders: Folders
    listener: socket.socket
    openai_listener: socket.socket
    engine: Engine
    sandbox_url: str
    connections: tuple[Connection, ...]

    @property
    def api_url(self) -> str:
        return f"http://{LOOPBACK}:{self.listener.getsockname()[1]}"

    @property
    def openai_url(self) -> str:
        return f"http://{LOOPBACK}:{self.openai_listener.getsockname()[1]}/v1"


@contextmanager
def running_stack(options: StackOptions) -> Iterator[Stack]:
    """Start everything, give it back when it answers, and leave nothing running or lying about."""
    with ExitStack() as started:
        ground = _start_ground(options, started)
        deployment = _deploy(options, ground)
        for listener, door in (
            (ground.listener, http_api(deployment.output("ApiId"))),
            (ground.openai_listener, function_url(deployment.output("OpenAiUrl"))),
        ):
            app = create_app(engine_url=ground.engine.url, door=door)
            started.enter_context(serving(app, listener))
        try:
            stack = _described(ground, deployment)
        except StackError as exc:
            raise StackError(f"{exc}\n{complaints(ground.engine)}") from exc
        try:
            yield stack
        finally:
            options.report("stopping")


def _start_ground(options: StackOptions, started: ExitStack) -> _Ground:
    folders = started.enter_context(run_folders(options.data))
    listener, openai_listener = (
        started.enter_context(closing(listening_socket(port)))
        for port in (options.port, _kept_port(folders, "openai-port"))
    )
    options.report("starting the embedded AWS and the sandbox providers")
    engine = started.enter_context(running_engine(_engine_options(folders, options)))
    sandbox = started.enter_context(
        running_sandbox(
            latency=options.latency,
            port=_kept_port(folders, "sandbox-port"),
            plan=options.chaos,
        )
    )
    return _Ground(
        folders=folders,
        listener=listener,
        openai_listener=openai_listener,
        engine=engine,
        sandbox_url=sandbox.base_url,
        connections=connections(options.environ, sandbox_url=sandbox.base_url),
    )


def _engine_options(folders: Folders, options: StackOptions) -> EngineOptions:
    return EngineOptions(
        port=_kept_port(folders, "engine-port"),
        temp=folders.temp,
        log=folders.log,
        objects=folders.objects,
        state=folders.state,
        strict=options.strict,
        witness=options.witness,
        calls=options.calls,
    )


def _kept_port(folders: Folders, name: str) -> int:
    """Take the port of last time if it is free: kept state is full of addresses."""
    port = free_port(folders.recall(name))
    folders.remember(name, port)
    return port


def _deploy(options: StackOptions, ground: _Ground) -> Deployment:
    options.report("building the functions' packages")
    packages = build_packages(root=options.root)
    ground.engine.wait_until_ready()
    options.report("deploying template.yaml")
    deployer = Deployer(endpoint_url=ground.engine.url)
    deployer.put_keys(ground.connections)
    return deployer.deploy(
        template=options.root / "template.yaml",
        packages=packages,
        parameters=_released(_parameters(options, ground), packages),
    )


def _released(parameters: Mapping[str, str], packages: Packages) -> dict[str, str]:
    """Name what is deployed by all that it consists of: another name publishes it anew."""
    digests = [package.digest for package in packages]
    text = f"{digests} {sorted(parameters.items())}"
    return {**parameters, "Release": hashlib.sha256(text.encode()).hexdigest()[:10]}


def _parameters(options: StackOptions, ground: _Ground) -> dict[str, str]:
    ours = [urlsplit(url).netloc for url in (ground.engine.url, ground.sandbox_url)]
    allowed = [*ours, *options.allow_loopback]
    return {
        "Stage": "local",
        "Architecture": host_architecture(),
        "PublicUrl": options.environ.get("SEEDHOOK_PUBLIC_URL", "").strip().rstrip("/"),
        "LoopbackUrl": ground.api_url,
        "Prices": options.environ.get("SEEDHOOK_PRICES", "").strip(),
        "AnswerSeconds": options.environ.get("SEEDHOOK_ANSWER_SECONDS", "").strip() or "25",
        "DrainedProviders": options.environ.get("SEEDHOOK_DRAINED_PROVIDERS", "").strip(),
        "LogLevel": options.environ.get("SEEDHOOK_LOG_LEVEL", "").strip() or "INFO",
        "Alarms": "on",  # the engine has them too, so what is deployed is what was tested
        "MaxInFlight": options.environ.get("SEEDHOOK_MAX_IN_FLIGHT", "").strip(),
        **_intake_keys(remembered_api_key(ground.folders)),
        **template_parameters(ground.connections, allowed=allowed),
    }


def _intake_keys(api_key: str) -> dict[str, str]:
    """Let what comes in by folders and events run under this key: its id is what is named."""
    key_id = api_key.split("_")[1] if api_key else ""
    return {"EditsKeyId": key_id, "EventsKeyId": key_id}


def _described(ground: _Ground, deployment: Deployment) -> Stack:
    deployer = Deployer(endpoint_url=ground.engine.url)
    admin_key = deployer.admin_key(deployment.output("AdminKeyParameter"))
    api_key = obtain_api_key(ground.api_url, admin_key=admin_key, folders=ground.folders)
    deployer.change(deployment, _intake_keys(api_key))
    return Stack(
        api_url=ground.api_url,
        openai_url=ground.openai_url,
        api_key=api_key,
        aws_endpoint_url=ground.engine.url,
        region=REGION,
        uploads_bucket=deployment.output("UploadsBucket"),
        media_bucket=deployment.output("MediaBucket"),
        table=deployment.output("TableName"),
        event_bus=deployment.output("EventBusName"),
        sandbox_url=ground.sandbox_url,
        admin_key=admin_key,
        connections=ground.connections,
        engine=ground.engine,
    )
