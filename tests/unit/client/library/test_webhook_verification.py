"""`seedhook.webhooks.verify`, held to the official library and to what must not pass."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from client.seedhook import SeedhookError, SignatureInvalid, webhooks
from shared.domain.webhook_signature import secret_of, signed_headers

SECRET = secret_of(bytes(32))
OTHER = secret_of(bytes(range(32)))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BODY = b'{"type":"job.succeeded"}'


def signed(*, at: datetime = NOW, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    signature = Webhook(secret).sign("evt_1", at, body.decode())
    return {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": signature,
    }


def verified(headers: dict[str, str], *secrets: str, body: bytes = BODY) -> str:
    return webhooks.verify(secrets or SECRET, headers=headers, body=body, now=NOW.timestamp())


def test_what_the_official_library_signs_is_believed() -> None:
    assert verified(signed()) == "evt_1"


def test_what_seedhook_signs_is_believed_with_either_secret_of_a_rotation() -> None:
    headers = signed_headers([OTHER, SECRET], message_id="evt_1", at=NOW, body=BODY)

    assert verified(headers, SECRET) == verified(headers, OTHER) == "evt_1"
    assert verified(signed(), OTHER, SECRET) == "evt_1"


def test_the_clock_is_the_callers_unless_it_is_given() -> None:
    headers = signed(at=datetime.now(UTC))

    assert webhooks.verify(SECRET, headers=headers, body=BODY) == "evt_1"


@pytest.mark.parametrize("off", [301, -301])
def test_neither_the_past_nor_the_future_is_believed(off: int) -> None:
    with pytest.raises(SignatureInvalid, match="more than five minutes off"):
        verified(signed(at=NOW + timedelta(seconds=off)))


@pytest.mark.parametrize("off", [300, -300])
def test_clocks_may_differ_by_five_minutes(off: int) -> None:
    assert verified(signed(at=NOW + timedelta(seconds=off))) == "evt_1"


def test_tolerance_may_be_less() -> None:
    headers = signed(at=NOW + timedelta(seconds=31))

    with pytest.raises(SignatureInvalid, match="more than 30 seconds off"):
        webhooks.verify(SECRET, headers=headers, body=BODY, now=NOW.timestamp(), tolerance=30)


@pytest.mark.parametrize(
    "change",
    [
        {"Webhook-Id": "evt_2"},
        {"Webhook-Timestamp": str(int(NOW.timestamp()) + 1)},
        {"Webhook-Timestamp": "9" * 400},
        {"Webhook-Timestamp": "-1"},
        {"Webhook-Timestamp": "\u0661"},
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1"},
        {"Webhook-Signature": "v1,"},
        {"Webhook-Signature": "v1,\udcff\u00e9"},
        {"Webhook-Signature": signed(secret=OTHER)["Webhook-Signature"]},
        {"Webhook-Signature": signed()["Webhook-Signature"].replace("v1,", "v2,")},
    ],
)
def test_what_was_changed_is_not_believed(change: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verified(signed() | change)


def test_another_body_is_not_believed() -> None:
    with pytest.raises(SignatureInvalid, match="no signature matches"):
        verified(signed(), body=BODY + b" ")


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_a_missing_header_is_told(name: str) -> None:
    headers = signed()
    del headers[name]

    with pytest.raises(SeedhookError, match="a header is missing"):
        verified(headers)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!", "whsec_" + "A" * 200]
)
def test_what_is_no_secret_believes_nobody(secret: str) -> None:
    with pytest.raises(ValueError, match="a webhook secret"):
        webhooks.verify(secret, headers=signed(), body=BODY)


def test_without_a_secret_nobody_is_believed() -> None:
    with pytest.raises(SignatureInvalid, match="there is no secret"):
        webhooks.verify([], headers=signed(), body=BODY, now=NOW.timestamp())


@given(
    headers=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()
    ),
    body=st.binary(),
)
def test_whatever_comes_is_refused_with_the_one_error(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        webhooks.verify(SECRET, headers=headers, body=body)
