"""Every error this client raises on purpose.

* SeedhookError
  - Misconfigured          no address, no key, a file that cannot be read
  - Unreachable            nobody answered, or somebody who is not Seedhook
  - ApiError               the API said no; `code`, `who` and `errors` say why
    + Invalid              the request is at fault, `errors` names the fields
    + NotAuthorised        no such key, or one that may not do this
    + NotFound             no such job, image, model, ...
    + Gone                 the job that this idempotency key made has been deleted
    + BudgetExceeded       the key's money does not reach
    + Throttled            too much at once; `retry_after` says when to come again
    + ServerFailed         the API failed
  - JobFailed              the job is over without what was asked for; `job` has the rest
  - StillRunning           patience ended before the job did; `job` is as it was last seen
  - NotWhole               a download is not what the job recorded; nothing was kept
  - SignatureInvalid       a webhook that is not to be believed
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # documents raise these errors: a circle otherwise
    from .documents import Job
    from .report_documents import Batch


class SeedhookError(Exception):
    """Whatever goes wrong here, said so that a person understands it."""


class Misconfigured(SeedhookError):
    pass


class Unreachable(SeedhookError):
    pass


class JobFailed(SeedhookError):
    def __init__(self, message: str, *, job: "Job") -> None:
        super().__init__(message)
        self.job = job


class StillRunning(SeedhookError):
    """It goes on: nothing is cancelled because nobody waits."""

    def __init__(self, message: str, *, job: "Job | Batch") -> None:
        super().__init__(message)
        self.job = job


class NotWhole(SeedhookError):
    pass


class SignatureInvalid(SeedhookError):
    """Not from who holds the secret, not what was signed, or not now."""


class ApiError(SeedhookError):
    """What the API's problem document (RFC 9457) says; `problem` is the whole of it."""

    hint = ""

    def __init__(
        self,
        *,
        status: int,
        problem: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.problem: Mapping[str, Any] = problem or {}
        self.retry_after = retry_after
        super().__init__(self._words())

    @property
    def code(self) -> str | None:
        return _text(self.problem.get("code"))

    @property
    def detail(self) -> str | None:
        return _text(self.problem.get("detail"))

    @property
    def who(self) -> str | None:
        """Who is at fault: `client`, `provider` or `seedhook`."""
        return _text(self.problem.get("who"))

    @property
    def retryable(self) -> bool:
        return self.problem.get("retryable") is True

    @property
    def request_id(self) -> str | None:
        return _text(self.problem.get("request_id"))

    @property
    def errors(self) -> tuple[Mapping[str, Any], ...]:
        """Return each field at fault: `pointer`, `code`, `message`."""
        found = self.problem.get("errors")
        listed = found if isinstance(found, list) else []
        return tuple(one for one in listed if isinstance(one, dict))

    def _words(self) -> str:
        told = f": {self.detail}" if self.detail else ""
        named = [f"; {one.get('pointer')}: {one.get('message')}" for one in self.errors]
        fields = "".join(one for one in named if one[2:] not in told)
        later = f" Try again in {self.retry_after:.0f} s." if self.retry_after else ""
        return f"the API answered {self.status}{told}{fields}{self.hint}{later}"


class Invalid(ApiError):
    pass


class NotAuthorised(ApiError):
    hint = " (is this the right key for this address?)"


class NotFound(ApiError):
    hint = " (not there, or not this key's)"


class Gone(ApiError):
    pass


class BudgetExceeded(ApiError):
    pass


class Throttled(ApiError):
    hint = " (more at once than the key may)"


class ServerFailed(ApiError):
    hint = " (a failure of Seedhook's own: trying again may help)"


_KINDS: Final[Mapping[int, type[ApiError]]] = {
    HTTPStatus.BAD_REQUEST: Invalid,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Invalid,
    HTTPStatus.UNPROCESSABLE_ENTITY: Invalid,
    HTTPStatus.UNAUTHORIZED: NotAuthorised,
    HTTPStatus.FORBIDDEN: NotAuthorised,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.GONE: Gone,
    HTTPStatus.PAYMENT_REQUIRED: BudgetExceeded,
    HTTPStatus.TOO_MANY_REQUESTS: Throttled,
}


def api_error(
    status: int, problem: Mapping[str, Any] | None, *, retry_after: float | None
) -> ApiError:
    """Return the error that a status means."""
    is_theirs = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = _KINDS.get(status, ServerFailed if is_theirs else ApiError)
    return kind(status=status, problem=problem, retry_after=retry_after)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
