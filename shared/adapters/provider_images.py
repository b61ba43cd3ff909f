"""Finished images, fetched from wherever the provider's status API says they are."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from shared.adapters.http import HttpClient, HttpError
from shared.domain.errors import ErrorCode, Fault, ResultUnavailable

_DEADLINE_SECONDS: Final = 90.0
_MOST_BYTES: Final = 64 * 1024 * 1024
_OK: Final = 200


class HttpImageSource:
    """Sends a provider's key to that provider's own hosts, and to nobody else."""

    def __init__(self, http: HttpClient, *, keys: Mapping[str, Callable[[], str]]) -> None:
        self._http = http
        self._keys = keys  # by host or host:port

    @contextmanager
    def open(self, url: str) -> Iterator[Iterator[bytes]]:
        try:
            with self._http.stream(
                url,
                headers=self._headers(url),
                deadline_seconds=_DEADLINE_SECONDS,
                max_bytes=_MOST_BYTES,
            ) as stream:
                if stream.status != _OK:
                    raise _unavailable(f"{stream.url_host} answered {stream.status}")
                yield stream.chunks()
        except HttpError as exc:  # also what goes wrong while the caller reads
            raise _unavailable(str(exc)) from exc

    def _headers(self, url: str) -> dict[str, str]:
        key = self._keys.get(urlsplit(url).netloc)
        return {"authorization": f"Bearer {key()}"} if key else {}


def _unavailable(reason: str) -> ResultUnavailable:
    message = f"the finished image could not be fetched: {reason}"
    return ResultUnavailable(Fault(code=ErrorCode.RESULT_GONE, message=message))
