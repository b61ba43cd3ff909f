"""Which provider is real and which the sandbox stands in for, decided by the environment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from local.ports import loopback_origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What the local stack has to know of one provider; a new one is a new row in PROVIDERS."""

    name: str
    prefix: str
    parameter_prefix: str
    public_url: str
    sandbox_path: str


PROVIDERS = (
    Provider(
        name="apixo",
        prefix="APIXO",
        parameter_prefix="Apixo",
        public_url="https://api.apixo.ai/api/v1",
        sandbox_path="/apixo/api/v1",
    ),
    Provider(
        name="oxen",
        prefix="OXEN",
        parameter_prefix="Oxen",
        public_url="https://hub.oxen.ai",
        sandbox_path="/oxen",
    ),
    Provider(
        name="aimlapi",
        prefix="AIMLAPI",
        parameter_prefix="Aimlapi",
        public_url="https://api.aimlapi.com",
        sandbox_path="/aimlapi",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a provider is called, and with which key."""

    provider: Provider
    base_url: str
    key: str
    sandbox: bool

    @property
    def key_parameter(self) -> str:
        return f"/seedhook/local/{self.provider.name}-api-key"


def connections(environ: Mapping[str, str], *, sandbox_url: str) -> tuple[Connection, ...]:
    return tuple(_connection(provider, environ, sandbox_url) for provider in PROVIDERS)


def _connection(provider: Provider, environ: Mapping[str, str], sandbox_url: str) -> Connection:
    key = environ.get(f"{provider.prefix}_API_KEY", "").strip()
    if not key:
        return Connection(
            provider=provider,
            base_url=sandbox_url.rstrip("/") + provider.sandbox_path,
            key="sandbox",
            sandbox=True,
        )
    base_url = environ.get(f"{provider.prefix}_BASE_URL", "").strip() or provider.public_url
    return Connection(provider=provider, base_url=base_url.rstrip("/"), key=key, sandbox=False)


def template_parameters(chosen: Sequence[Connection], *, allowed: Iterable[str]) -> dict[str, str]:
    """Say where the providers are, and which loopback origins the vetted client may reach."""
    found = (loopback_origin(connection.base_url) for connection in chosen)
    origins = dict.fromkeys([*allowed, *(origin for origin in found if origin)])
    parameters = {
        "LoopbackOrigins": ",".join(origins),
        "SandboxProviders": ",".join(c.provider.name for c in chosen if c.sandbox),
    }
    for connection in chosen:
        prefix = connection.provider.parameter_prefix
        parameters[f"{prefix}BaseUrl"] = connection.base_url
        parameters[f"{prefix}KeyParameter"] = connection.key_parameter
    return parameters
