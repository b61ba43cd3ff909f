"""How each provider words an error."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from local.sandbox.aimlapi.errors import AimlapiError
from local.sandbox.aimlapi.errors import on_error as say_aimlapi
from local.sandbox.apixo.envelope import ApixoError
from local.sandbox.apixo.envelope import on_error as say_apixo
from local.sandbox.ledger import Provider
from local.sandbox.oxen.errors import OxenError
from local.sandbox.oxen.errors import on_error as say_oxen

type Voice = Callable[[Request, HTTPStatus, str], Response]

VOICES: Final[Mapping[Provider, Voice]] = {
    Provider.APIXO: lambda request, status, text: say_apixo(request, ApixoError(status, text)),
    Provider.OXEN: lambda request, status, text: say_oxen(request, OxenError(status, text)),
    Provider.AIMLAPI: lambda request, status, text: say_aimlapi(
        request, AimlapiError(status, text)
    ),
}
