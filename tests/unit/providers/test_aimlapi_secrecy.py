"""Whatever AI/ML API does, no error, no chain of errors and no log tells a secret of ours."""

from datetime import UTC, datetime

import pytest

from tests.unit.providers.exchange import (
    AIMLAPI_OFFER,
    Does,
    a_submission,
    aimlapi,
    an_order,
    says,
    submitted,
)
from tests.unit.providers.test_secrecy import (
    ANSWERS,
    ECHO,
    INLINE,
    LINK,
    PROMPT,
    everything_said,
    tell_tales,
)

ECHOED = {"message": ECHO, "path": LINK, "statusCode": ECHO, "data": None}
UNREADABLE = {"data": [{"url": 7, "b64_json": ECHO}], "meta": ECHO, "pagination": ECHO}
OWN = [
    *((f"its error in a {status}", says(ECHOED, status=status)) for status in (400, 403, 429, 504)),
    ("its error inside a 200", says({**ECHOED, "statusCode": "400"})),
    ("its error in a list", says({**ECHOED, "message": [ECHO, {"url": LINK}]}, status=400)),
    ("images that cannot be read", says(UNREADABLE)),
    ("images beside an error", says(UNREADABLE, status=400)),
]
EVERY_ANSWER = pytest.mark.parametrize(
    "does", [pytest.param(does, id=name) for name, does in [*ANSWERS, *OWN]]
)
PATHS = ["/v1/images/", "/v2/logs"]


@EVERY_ANSWER
def test_a_submission_that_fails_gives_no_secret_away(
    does: Does, caplog: pytest.LogCaptureFixture
) -> None:
    order = an_order(AIMLAPI_OFFER, prompt=PROMPT, references=(LINK, INLINE))

    said = everything_said(lambda: submitted(aimlapi(does), order), caplog)

    assert tell_tales(said) == []
    assert not any(path in said for path in PATHS)


@EVERY_ANSWER
def test_a_log_that_cannot_be_read_gives_no_secret_away(
    does: Does, caplog: pytest.LogCaptureFixture
) -> None:
    sent_at = datetime(2026, 11, 20, tzinfo=UTC)
    submission = a_submission(AIMLAPI_OFFER).sending(sent_at, fingerprint="")

    def look() -> None:
        aimlapi(does).recover(AIMLAPI_OFFER, submission, name="job_1.1.1")

    said = everything_said(look, caplog)

    assert tell_tales(said) == []
    assert not any(path in said for path in PATHS)
