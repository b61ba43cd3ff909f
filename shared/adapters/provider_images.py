"""Images on the web: results wherever a status API says they are, and callers' references."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from shared.adapters.addresses import origin_of
from shared.adapters.http import HttpClient
from shared.adapters.http_errors import HttpError
from shared.domain.errors import ErrorCode, Fault, ResultUnavailable
from shared.ports.media import Download

_DEADLINE_SECONDS: Final = 90.0
_MOST_BYTES: Final = 64 * 1024 * 1024
_OK: Final = 200
_NO_KEYS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType({})


class HttpImageSource:
    """Sends a provider's key to that provider's own hosts, and to nobody else."""

    def __init__(
        self,
        http: HttpClient,
        *,
        keys: Mapping[str, Callable[[], str]] = _NO_KEYS,
        deadline_seconds: float = _DEADLINE_SECONDS,
        most_bytes: int = _MOST_BYTES,
        on_host: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`on_host` is told of each host that an image is fetched from."""
        self._http = http
        self._deadline_seconds = deadline_seconds
        self._most_bytes = most_bytes
        self._on_host = on_host
        # By host, or host:port; both become host:port here.
        origins = {origin_of(f"https://{host}"): key for host, key in keys.items()}
        self._keys = {origin.place: key for origin, key in origins.items() if origin}

    @contextmanager
    def open(self, url: str) -> Iterator[Download]:
        if origin := origin_of(url):
            self._on_host(origin.host)
        try:
            with self._http.stream(
                url,
                headers=self._headers(url),
                deadline_seconds=self._deadline_seconds,
                max_bytes=self._most_bytes,
            ) as stream:
                if stream.status != _OK:
                    raise _unavailable(f"{stream.url_host} answered {stream.status}")
                yield Download(stream.arriving(), announced=stream.declared_bytes())
        except HttpError as exc:  # also what goes wrong while the caller reads
            raise _unavailable(str(exc)) from exc

    def _headers(self, url: str) -> dict[str, str]:
        origin = origin_of(url)
        key = self._keys.get(origin.place) if origin else None
        return {"authorization": f"Bearer {key()}"} if key else {}


def _unavailable(reason: str) -> ResultUnavailable:
    message = f"the finished image could not be fetched: {reason}"
    return ResultUnavailable(Fault(code=ErrorCode.RESULT_GONE, message=message))
