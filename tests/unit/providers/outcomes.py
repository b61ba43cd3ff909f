"""What every provider's submission has in common, whatever the provider's own words."""

import httpx
import pytest

from tests.unit.providers.exchange import HTML, Does, fails, never_ends, says

NOT_SENT = "not sent: provider_unavailable"
UNKNOWN = "fate unknown: ambiguous_submit"
SLOW_DOWN = "not sent: provider_rate_limit"
REJECTED = "refused: provider_rejected"
AUTH = "refused: provider_auth"
CREDITS = "refused: provider_credits"
POLICY = "refused: content_policy"

_DATE = "Fri, 20 Nov 2026 12:00:00 GMT"

_ROWS: list[tuple[str, Does, str]] = [
    ("has no name, no open port or no good certificate", fails(httpx.ConnectError), NOT_SENT),
    ("does not pick up in time", fails(httpx.ConnectTimeout), NOT_SENT),
    ("has no connection to spare", fails(httpx.PoolTimeout), NOT_SENT),
    ("stops reading", fails(httpx.WriteTimeout), UNKNOWN),
    ("hangs up while we send", fails(httpx.WriteError), UNKNOWN),
    ("never answers", fails(httpx.ReadTimeout), UNKNOWN),
    ("resets the connection", fails(httpx.ReadError), UNKNOWN),
    ("hangs up without an answer", fails(httpx.RemoteProtocolError), UNKNOWN),
    ("answers 500", says({"code": 500, "message": "Internal error"}, status=500), UNKNOWN),
    ("answers 502 in HTML", says(HTML, status=502), UNKNOWN),
    ("answers 503", says(b"", status=503), UNKNOWN),
    ("answers 503 and when to come back", says(b"", status=503, retry_after="5"), UNKNOWN),
    ("answers 504", says(HTML, status=504), UNKNOWN),
    ("answers 408", says(b"", status=408), UNKNOWN),
    ("answers 409", says({"code": 409, "message": "Conflict"}, status=409), UNKNOWN),
    ("redirects", says(b"", status=307, location="https://elsewhere.example/"), UNKNOWN),
    ("answers 200 in HTML", says(HTML), UNKNOWN),
    ("answers 200 with nothing", says(b""), UNKNOWN),
    ("answers 204", says(b"", status=204), UNKNOWN),
    ("answers 200 with half an object", says(b'{"code": 200, "data"'), UNKNOWN),
    ("answers 200 with null", says(b"null"), UNKNOWN),
    ("answers 200 with a list", says([1, 2]), UNKNOWN),
    ("answers 200 with a text", says("accepted"), UNKNOWN),
    ("answers 200 with a deep nest", says(b'{"data":' * 10_000), UNKNOWN),
    ("answers 200 with bytes that are no text", says(b'{"data": "\xff\xfe"}'), UNKNOWN),
    ("answers 200 in gzip", says(b"\x1f\x8b", content_encoding="gzip"), UNKNOWN),
    ("answers 200 and cuts the body short", says(b"{}", content_length="3"), UNKNOWN),
    ("answers 200 without end", never_ends, UNKNOWN),
    ("answers 429", says(b"", status=429), SLOW_DOWN),
    ("answers 429 and seconds", says(HTML, status=429, retry_after="7"), f"{SLOW_DOWN}, wait 7"),
    ("answers 429 and half of one", says(status=429, retry_after="0.5"), f"{SLOW_DOWN}, wait 0.5"),
    (
        "answers 429 with a date",
        says(status=429, retry_after="Fri, 20 Nov 2026 12:01:30 GMT", date=_DATE),
        f"{SLOW_DOWN}, wait 90",
    ),
    (
        "answers 429 with a date that has passed",
        says(status=429, retry_after="Fri, 20 Nov 2026 11:00:00 GMT", date=_DATE),
        f"{SLOW_DOWN}, wait 0",
    ),
    (
        "answers 429 with a date and no clock",
        says(status=429, retry_after="Tue, 20 Nov 2001 12:00:00 -0000"),
        f"{SLOW_DOWN}, wait 0",
    ),
    (
        "answers 429 with a date beyond all patience",
        says(status=429, retry_after="Fri, 31 Dec 9999 23:59:59 GMT"),
        f"{SLOW_DOWN}, wait 86400",
    ),
    (
        "answers 429 with more seconds than there are",
        says(status=429, retry_after="9" * 400),
        f"{SLOW_DOWN}, wait 86400",
    ),
    ("answers 429 and a wait below zero", says(status=429, retry_after="-5"), SLOW_DOWN),
    ("answers 429 with an odd wait", says(status=429, retry_after="soon"), SLOW_DOWN),
    (
        "answers 429 with an impossible date",
        says(status=429, retry_after="Fri, 20 Nov 99999 12:00:00 +99999999999999999999"),
        SLOW_DOWN,
    ),
    ("answers 400 in HTML", says(HTML, status=400), REJECTED),
    ("answers 401 with nothing", says(b"", status=401), AUTH),
    ("answers 402 with nothing", says(b"", status=402), CREDITS),
    ("answers 403 in HTML", says(HTML, status=403), AUTH),
    ("answers 404 in HTML", says(HTML, status=404), REJECTED),
    ("answers 422 with nothing", says(b"", status=422), REJECTED),
]  # fmt: skip

ANY_PROVIDER = [pytest.param(does, outcome, id=name) for name, does, outcome in _ROWS]
