"""Every error this service raises on purpose.

* ServiceError
  - InvalidRequest         the caller's request cannot be carried out as it stands
  - JobNotFound            no such job, or not the caller's
  - BatchNotFound          no such batch, or not the caller's
  - ImageNotFound          the job has no image with this index
  - PreviewNotFound        the image has no preview (yet)
  - ModelNotFound          no such model
  - WebhookNotFound        no such webhook, or not the caller's
  - DeliveryNotFound       no such delivery, or not the caller's
  - TooManyWebhooks        the tenant has as many as it may have
  - Unauthenticated        no key, or not a valid one
  - Forbidden              a valid key that may not do this
  - VersionConflict        someone else saved the job first
  - KeyNotFound            no such API key
  - Unpriced               a key with a budget, and nobody knows what this would cost
  - ModelNotAllowed        the key is for other models
  - TooManyAttempts        the job has had as many attempts as a job may have
  - RecordTooLarge         a record that the table does not take
  - BudgetExceeded         the key has not enough money left
  - ComeBackLater          not now, says when
    + RateLimited          the key asks too often
    + TooManyInFlight      the key has too many jobs under way
    + Busy                 too many write the same rows at this moment
    + Unavailable          what the service stands on does not answer
  - TaskTaken              a provider's task that belongs to another job
  - AlreadyAdmitted        the idempotency key has made a job already; holds its answer
  - KeyReused              the idempotency key came with another request before
  - JobDeleted             the idempotency key has made a job that was deleted since
  - InvalidTransition      the job's state does not allow this
  - SubmissionError        what became of a paid call to a provider
    + NotSent              surely not started: DNS, connect, TLS, or told to come back later
    + Refused              surely not started: a documented refusal
    + FateUnknown          may have started and be charged: never sent again
  - ProviderUnreadable     a status question that got no usable answer: ask again later
  - Undecodable            bytes of which no preview can be made
  - ResultUnavailable      a finished image that cannot be fetched or is none: fetch again later
    + ResultDamaged        it came, and looks cut or broken: kept once a second fetch agrees
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.bounds import cut


class Who(StrEnum):
    """Who is at fault."""

    CLIENT = "client"
    PROVIDER = "provider"
    SEEDHOOK = "seedhook"


class ErrorCode(StrEnum):
    """Why a job, or one of its images, failed. Part of the public contract."""

    CONTENT_POLICY = "content_policy"
    INVALID_INPUT = "invalid_input"
    REFERENCE_UNREACHABLE = "reference_unreachable"
    PROVIDER_REJECTED = "provider_rejected"
    PROVIDER_CREDITS = "provider_credits"
    PROVIDER_AUTH = "provider_auth"
    PROVIDER_RATE_LIMIT = "provider_rate_limit"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_TIMEOUT = "provider_timeout"
    AMBIGUOUS_SUBMIT = "ambiguous_submit"
    RESULT_GONE = "result_gone"
    NOT_AN_IMAGE = "not_an_image"
    EMPTY_RESULT = "empty_result"
    BUDGET_EXCEEDED = "budget_exceeded"
    UNPRICED = "unpriced"
    DEADLINE_START = "deadline_start"
    DEADLINE_FINISH = "deadline_finish"
    SOURCE_GONE = "source_gone"
    INTERNAL = "internal"


_AT_FAULT = {
    ErrorCode.CONTENT_POLICY: Who.CLIENT,
    ErrorCode.INVALID_INPUT: Who.CLIENT,
    ErrorCode.REFERENCE_UNREACHABLE: Who.CLIENT,
    ErrorCode.BUDGET_EXCEEDED: Who.CLIENT,
    ErrorCode.UNPRICED: Who.CLIENT,
    ErrorCode.DEADLINE_START: Who.CLIENT,
    ErrorCode.DEADLINE_FINISH: Who.CLIENT,
    ErrorCode.SOURCE_GONE: Who.CLIENT,
    ErrorCode.PROVIDER_AUTH: Who.SEEDHOOK,
    ErrorCode.INTERNAL: Who.SEEDHOOK,
}

_WORTH_RETRYING = frozenset(
    {
        ErrorCode.PROVIDER_RATE_LIMIT,
        ErrorCode.PROVIDER_UNAVAILABLE,
        ErrorCode.PROVIDER_TIMEOUT,
        ErrorCode.RESULT_GONE,
        ErrorCode.NOT_AN_IMAGE,
        ErrorCode.EMPTY_RESULT,
        ErrorCode.INTERNAL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why something failed, in words for the caller: never a prompt, a link or a secret."""

    code: ErrorCode
    message: str

    def bounded(self) -> "Fault":
        """Return it with its message as far as it is kept."""
        message = cut(self.message)
        return self if message == self.message else Fault(code=self.code, message=message)

    @property
    def who(self) -> Who:
        return _AT_FAULT.get(self.code, Who.PROVIDER)

    @property
    def retryable(self) -> bool:
        """Whether a new attempt may end better. An ambiguous submit may already be paid: no."""
        return self.code in _WORTH_RETRYING


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One field of a request that cannot be carried out; `pointer` is a JSON pointer."""

    pointer: str
    code: str
    message: str


class ServiceError(Exception):
    """Base of all errors raised on purpose."""


class InvalidRequest(ServiceError):
    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.message}" for error in errors))
        self.errors = tuple(errors)


class JobNotFound(ServiceError):
    pass


class BatchNotFound(ServiceError):
    pass


class ImageNotFound(ServiceError):
    pass


class PreviewNotFound(ServiceError):
    pass


class ModelNotFound(ServiceError):
    pass


class KeyNotFound(ServiceError):
    pass


class Unpriced(InvalidRequest):
    pass


class ModelNotAllowed(InvalidRequest):
    pass


class TooManyAttempts(InvalidRequest):
    pass


class RecordTooLarge(ServiceError):
    pass


class BudgetExceeded(ServiceError):
    def __init__(self, message: str, facts: Mapping[str, str | None]) -> None:
        super().__init__(message)
        self.facts = facts


class ComeBackLater(ServiceError):
    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RateLimited(ComeBackLater):
    pass


class TooManyInFlight(ComeBackLater):
    pass


class Busy(ComeBackLater):
    pass


class Unavailable(ComeBackLater):
    pass


class WebhookNotFound(ServiceError):
    pass


class DeliveryNotFound(ServiceError):
    pass


class TooManyWebhooks(ServiceError):
    pass


class Unauthenticated(ServiceError):
    pass


class Forbidden(ServiceError):
    pass


class VersionConflict(ServiceError):
    pass


class TaskTaken(ServiceError):
    pass


class AlreadyAdmitted(ServiceError):
    """`answer` is None once the job has been deleted."""

    def __init__(self, *, fingerprint: str, answer: str | None) -> None:
        super().__init__("this idempotency key has made a job already")
        self.fingerprint = fingerprint
        self.answer = answer


class KeyReused(ServiceError):
    pass


class JobDeleted(ServiceError):
    pass


class InvalidTransition(ServiceError):
    pass


class SubmissionError(ServiceError):
    def __init__(self, fault: Fault, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.retry_after_seconds = retry_after_seconds


class NotSent(SubmissionError):
    pass


class Refused(SubmissionError):
    pass


class FateUnknown(SubmissionError):
    pass


class ProviderUnreadable(ServiceError):
    pass


class Undecodable(ServiceError):
    pass


class ResultUnavailable(ServiceError):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class ResultDamaged(ResultUnavailable):
    def __init__(self, fault: Fault, *, sha256: str) -> None:
        super().__init__(fault)
        self.sha256 = sha256
