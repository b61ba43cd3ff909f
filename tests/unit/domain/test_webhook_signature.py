"""Our signatures hold against the official library, and garbage is only ever invalid."""

import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook as Official
from standardwebhooks.webhooks import WebhookVerificationError

from shared.domain.webhook_signature import (
    TOLERANCE_SECONDS,
    SignatureInvalid,
    secret_of,
    signed_headers,
    verify,
)

SECRET = secret_of(bytes(range(32)))
OTHER = secret_of(bytes(range(1, 33)))
BODY = json.dumps({"id": "evt_1", "emoji": "🦊"}, ensure_ascii=False).encode()
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

# The specification's own example: standard-webhooks.md, "Symmetric signatures".
SPEC_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SPEC_HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
SPEC_BODY = b'{"test": 2432232314}'


class _Stopped(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(NOW.timestamp(), tz)


@pytest.fixture(autouse=True)
def official_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the official library's clock: it takes no other."""
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", _Stopped)


def signed(*secrets: str, at: datetime = NOW, body: bytes = BODY) -> dict[str, str]:
    return signed_headers(secrets or (SECRET,), message_id="evt_1", at=at, body=body)


def test_the_official_example_is_ours() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)

    ours = signed_headers(
        [SPEC_SECRET], message_id=SPEC_HEADERS["webhook-id"], at=at, body=SPEC_BODY
    )

    assert ours == SPEC_HEADERS
    assert verify(SPEC_SECRET, headers=SPEC_HEADERS, body=SPEC_BODY, now=at)


def test_the_official_library_takes_what_we_sign() -> None:
    assert Official(SECRET).verify(BODY, signed())


def test_we_take_what_the_official_library_signs() -> None:
    signature = Official(SECRET).sign("evt_1", NOW, BODY.decode())
    headers = signed() | {"webhook-signature": signature}

    assert verify(SECRET, headers=headers, body=BODY, now=NOW) == "evt_1"


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_during_a_rotation_either_secret_verifies(secret: str) -> None:
    headers = signed(OTHER, SECRET)

    assert Official(secret).verify(BODY, headers)
    assert verify(secret, headers=headers, body=BODY, now=NOW) == "evt_1"


@pytest.mark.parametrize(
    ("skew", "holds"), [(299, True), (-299, True), (301, False), (-301, False)]
)
def test_clocks_may_differ_by_five_minutes(skew: int, holds: bool) -> None:  # noqa: FBT001  a table
    headers = signed(at=NOW + timedelta(seconds=skew))

    if holds:
        assert verify(SECRET, headers=headers, body=BODY, now=NOW)
        assert Official(SECRET).verify(BODY, headers)
    else:
        with pytest.raises(SignatureInvalid):
            verify(SECRET, headers=headers, body=BODY, now=NOW)
        with pytest.raises(WebhookVerificationError):
            Official(SECRET).verify(BODY, headers)


def test_both_sides_allow_the_same_skew() -> None:
    assert TOLERANCE_SECONDS == 300


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "evt_2"},
        {"webhook-timestamp": str(int(NOW.timestamp()) - 1)},
        {"webhook-timestamp": "+" + str(int(NOW.timestamp()))},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": ""},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,ü\udc80"},
        {"webhook-id": "\udc80"},
    ],
)
def test_an_altered_header_is_invalid(change: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify(SECRET, headers=signed() | change, body=BODY, now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_invalid(name: str) -> None:
    headers = {key: value for key, value in signed().items() if key != name}

    with pytest.raises(SignatureInvalid):
        verify(SECRET, headers=headers, body=BODY, now=NOW)


def test_names_of_headers_are_read_in_any_case() -> None:
    headers = {name.title(): value for name, value in signed().items()}

    assert verify(SECRET, headers=headers, body=BODY, now=NOW) == "evt_1"


def test_another_secret_or_another_body_is_invalid() -> None:
    for secret, body in ((OTHER, BODY), (SECRET, BODY + b" ")):
        with pytest.raises(SignatureInvalid):
            verify(secret, headers=signed(), body=body, now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_####", secret_of(b"short")])
def test_a_secret_that_is_none_signs_nothing(secret: str) -> None:
    with pytest.raises(ValueError, match="a webhook secret"):
        signed(secret)


NAMES = st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]) | st.text()
VALUES = (
    st.text(st.characters(exclude_categories=()), max_size=80)
    | st.integers().map(str)
    | st.just(str(int(NOW.timestamp())))
    | st.lists(st.text(max_size=20).map("v1,".__add__), max_size=5).map(" ".join)
)


@given(headers=st.dictionaries(NAMES, VALUES, max_size=6), body=st.binary(max_size=200))
def test_garbage_is_only_ever_invalid(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        verify(SECRET, headers=headers, body=body, now=NOW)


@given(body=st.binary(max_size=2000), key=st.binary(min_size=24, max_size=64))
def test_what_is_signed_verifies(body: bytes, key: bytes) -> None:
    headers = signed(secret_of(key), body=body)

    assert verify(secret_of(key), headers=headers, body=body, now=NOW) == "evt_1"
