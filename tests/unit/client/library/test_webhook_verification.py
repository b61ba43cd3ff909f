"""`seedhook.webhooks.verify`, held to the official library and to what must not pass."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from client.seedhook import SeedhookError, SignatureInvalid, webhooks
from shared.domain import webhook_signature as service
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


CHANGES: list[dict[str, str]] = [
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
]


@pytest.mark.parametrize("change", CHANGES)
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


NO_SECRETS = ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!", "whsec_" + "A" * 200]


@pytest.mark.parametrize("secret", NO_SECRETS)
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


class TestServiceAndClient:
    """The rule stands in both, because the client is given away alone: they must not drift."""

    @staticmethod
    def judged(headers: dict[str, str], body: bytes, at: datetime, secret: str) -> str:
        """Return what both say: the id, or what is wrong in words."""
        try:
            by_client = webhooks.verify(secret, headers=headers, body=body, now=at.timestamp())
        except SignatureInvalid as exc:
            by_client = str(exc)
        try:
            by_service = service.verify(secret, headers=headers, body=body, now=at)
        except service.SignatureInvalid as exc:
            by_service = str(exc)
        assert by_client == by_service
        return by_client

    def test_agree_on_the_example_of_the_specification(self) -> None:
        headers = {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }
        body, at = b'{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC)
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

        assert self.judged(headers, body, at, secret) == "msg_p5jXN8AQM9LWM0D4loKWxJek"
        assert self.judged(headers, body + b" ", at, secret) == "no signature matches"

    @pytest.mark.parametrize("change", CHANGES)
    def test_agree_on_what_was_changed(self, change: dict[str, str]) -> None:
        assert self.judged(signed() | change, BODY, NOW, SECRET) != "evt_1"

    @pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
    def test_agree_on_what_is_missing(self, name: str) -> None:
        headers = {one: value for one, value in signed().items() if one != name}

        assert self.judged(headers, BODY, NOW, SECRET) == "a header is missing"

    @given(
        seconds=st.floats(-302, 302) | st.sampled_from([-301, -300.5, -300, 300, 300.5, 301]),
        body=st.sampled_from([BODY, BODY + b" "]),
        secret=st.sampled_from([SECRET, OTHER]),
    )
    def test_agree_at_any_time_with_any_secret(
        self, seconds: float, body: bytes, secret: str
    ) -> None:
        at = NOW + timedelta(seconds=seconds)
        off = int(at.timestamp()) - int(NOW.timestamp())
        is_good = (body, secret) == (BODY, SECRET) and abs(off) <= webhooks.TOLERANCE_SECONDS

        assert (self.judged(signed(), body, at, secret) == "evt_1") is is_good

    @pytest.mark.parametrize("secret", NO_SECRETS)
    def test_agree_on_what_is_no_secret(self, secret: str) -> None:
        with pytest.raises(ValueError, match="a webhook secret") as by_client:
            webhooks.verify(secret, headers=signed(), body=BODY, now=NOW.timestamp())
        with pytest.raises(ValueError, match="a webhook secret") as by_service:
            service.verify(secret, headers=signed(), body=BODY, now=NOW)

        assert str(by_client.value) == str(by_service.value)
