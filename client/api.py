"""The API for commands that show its documents as they come: once asked, with an exit code."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from client.asking import exit_code
from client.exit_codes import ExitCode
from client.seedhook import Patience, Seedhook, SeedhookError


class ApiError(Exception):
    """There is no good answer; `code` is what the command exits with."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code


class Api:
    def __init__(self, url: str, *, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._client = Seedhook(url, key, patience=Patience(tries=1), transport=transport)

    def get(self, path: str) -> dict[str, Any]:
        """Return the object that the API answers with. Raises ApiError."""
        return self.ask("GET", path)

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Return the object that the API answers with. Raises ApiError."""
        return self.ask("POST", path, body=body)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the object that the API answers with; empty for no content. Raises ApiError."""
        with _told():
            return self._client.ask(method, path, body=body, query=query)

    def text(self, path: str) -> str:
        """Return what the API answers with, as it is. Raises ApiError."""
        with _told():
            return self._client.text(path)

    def listed(self, path: str, *, query: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Return what a list holds. Raises ApiError."""
        data = self.ask("GET", path, query=query).get("data")
        if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
            raise self.stranger()
        return data

    def stranger(self) -> ApiError:
        """Return the error for an answer that Seedhook would not give."""
        return ApiError(f"what answers at {self._url} is not Seedhook", ExitCode.UNREACHABLE)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except SeedhookError as exc:
        raise ApiError(str(exc), exit_code(exc)) from exc
