"""Who is reached over the internet, providers and receivers, and where they reach us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from shared.config import (
    AddressSettings,
    DrainSettings,
    LimitSettings,
    PriceSettings,
    ProviderSettings,
)
from shared.world.runtime import Runtime

if TYPE_CHECKING:  # the names of what is made
    from shared.domain.offers import Catalog
    from shared.ports.addresses import MayReach
    from shared.ports.media import ImageSource
    from shared.ports.providers import Accesses, EventStreams, Provider, ProviderAccess, Providers
    from shared.ports.webhooks import Courier

_REFERENCE_SECONDS: Final = 10.0  # as long as a provider would wait
_REFERENCE_BYTES: Final = 30 * 1024 * 1024
_LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})


class Outside(Runtime):
    @cached_property
    def catalog(self) -> Catalog:
        from shared.catalog.load import load_catalog
        from shared.domain.prices import prices_of

        return load_catalog().priced(prices_of(PriceSettings.from_env(self._environ).prices))

    @cached_property
    def providers(self) -> Providers:
        from shared.adapters.providers.aimlapi import Aimlapi
        from shared.adapters.providers.apixo import Apixo
        from shared.adapters.providers.oxen import Oxen

        makers: dict[str, Callable[..., Provider]] = {
            "apixo": Apixo,
            "oxen": Oxen,
            "aimlapi": Aimlapi,
        }
        return {
            name: makers[name](self._http, base_url=base_url, key=self._provider_keys[name])
            for name, base_url in self._provider_settings.base_urls.items()
        }

    @cached_property
    def streams(self) -> EventStreams:
        from shared.adapters.providers.oxen_events import OxenEvents

        base_url = self._provider_settings.base_urls.get("oxen")
        if base_url is None:
            return {}
        return {"oxen": OxenEvents(self._http, base_url=base_url, key=self._provider_keys["oxen"])}

    @cached_property
    def limits(self) -> Mapping[str, int]:
        return LimitSettings.from_env(self._environ).limits

    @cached_property
    def accesses(self) -> Accesses:
        settings = self._provider_settings
        return {
            name: self._access(base_url, sandbox=name in settings.sandboxed)
            for name, base_url in settings.base_urls.items()
        }

    @cached_property
    def open_accesses(self) -> Accesses:
        """Give the providers that take new jobs."""
        drained = DrainSettings.from_env(self._environ).drained
        return {name: one for name, one in self.accesses.items() if name not in drained}

    @cached_property
    def image_source(self) -> ImageSource:
        from shared.adapters.inline_images import ResultSource
        from shared.adapters.provider_images import HttpImageSource
        from shared.adapters.result_hosts import ResultHosts

        # Of the providers only Oxen may keep results behind its key (providers.md 1.12).
        hosts = {
            urlsplit(base_url).netloc: self._provider_keys[name]
            for name, base_url in self._provider_settings.base_urls.items()
            if name == "oxen"
        }
        on_host = ResultHosts(self.metrics)
        return ResultSource(HttpImageSource(self._http, keys=hosts, on_host=on_host))

    @cached_property
    def reference_source(self) -> ImageSource:
        """Callers' own references: fetched without any key, whatever host they name."""
        from shared.adapters.provider_images import HttpImageSource

        return HttpImageSource(
            self._http, deadline_seconds=_REFERENCE_SECONDS, most_bytes=_REFERENCE_BYTES
        )

    @cached_property
    def courier(self) -> Courier:
        from shared.adapters.courier import HttpCourier

        return HttpCourier(self._http)

    @cached_property
    def may_reach(self) -> MayReach:
        allows: MayReach = self._http.allows
        return allows

    @cached_property
    def base_url(self) -> str:
        """Where callers find the API, when that is not simply where they called it."""
        return self._addresses.public_url or self._addresses.loopback_url

    def _access(self, provider_base_url: str, *, sandbox: bool) -> ProviderAccess:
        """On one machine with us a provider reaches us directly, else by a public address."""
        from shared.ports.providers import ProviderAccess

        local = self._addresses.loopback_url
        if not local:
            base: str | None = self._public_url
        elif urlsplit(provider_base_url).hostname in _LOOPBACK_HOSTS:
            base = local
        else:
            base = self._addresses.public_url or None
        reaches_storage = not local or base == local
        return ProviderAccess(sandbox=sandbox, callback_base=base, fetches_links=reaches_storage)

    @cached_property
    def _public_url(self) -> str:
        from shared.adapters.secrets import Parameter

        parameter = Parameter(self._ssm, name=self._addresses.public_url_parameter)
        return self._addresses.public_url or parameter()

    @cached_property
    def _addresses(self) -> AddressSettings:
        return AddressSettings.from_env(self._environ)

    @cached_property
    def _provider_settings(self) -> ProviderSettings:
        return ProviderSettings.from_env(self._environ)

    @cached_property
    def _provider_keys(self) -> dict[str, Callable[[], str]]:
        from shared.adapters.secrets import Parameter

        parameters = self._provider_settings.key_parameters
        return {name: Parameter(self._ssm, name=known) for name, known in parameters.items()}
