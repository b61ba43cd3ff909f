"""Every fault there is, by provider and name."""

from collections.abc import Mapping
from typing import Final

from local.sandbox.faults import callbacks, calls, inline, results, stream, tasks
from local.sandbox.faults.fault import Fault
from local.sandbox.ledger import Provider

type Faults = Mapping[str, type[Fault]]

SUBMIT: Final[Faults] = {
    "submit-dropped": calls.Dropped,
    "submit-error": calls.ServerError,
    "submit-html": calls.Html,
    "submit-empty": calls.Empty,
    "submit-rate-limited": calls.RateLimited,
    "submit-key-revoked": calls.KeyRevoked,
}
ANSWER: Final[Faults] = {
    "answer-dropped": calls.Dropped,
    "answer-error": calls.ServerError,
    "answer-html": calls.Html,
    "answer-empty": calls.Empty,
    "answer-delayed": calls.Delayed,
    "answer-status": calls.OtherSuccess,
}
STATUS: Final[Faults] = {
    "status-dropped": calls.Dropped,
    "status-error": calls.ServerError,
    "status-html": calls.Html,
    "status-empty": calls.Empty,
    "status-delayed": calls.Delayed,
    "status-rate-limited": calls.RateLimited,
    "status-key-revoked": calls.KeyRevoked,
}
LIST: Final[Faults] = {
    "list-dropped": calls.Dropped,
    "list-error": calls.ServerError,
    "list-html": calls.Html,
    "list-empty": calls.Empty,
    "list-delayed": calls.Delayed,
    "list-rate-limited": calls.RateLimited,
    "list-key-revoked": calls.KeyRevoked,
    "list-not-found": calls.NotFound,
    "list-lacking": calls.Lacking,
}
TASK: Final[Faults] = {
    "task-refused": tasks.Content,
    "task-pending": tasks.Pending,
    "task-slow": tasks.Slow,
    "task-empty": tasks.Empty,
}
CALLBACK: Final[Faults] = {
    "callback-dropped": callbacks.Dropped,
    "callback-delayed": callbacks.Delayed,
    "callback-duplicated": callbacks.Duplicated,
    "callback-overtaken": callbacks.Overtaken,
    "callback-stale": callbacks.Stale,
    "callback-forged-token": callbacks.ForgedToken,
    "callback-wrong-task": callbacks.WrongTask,
    "callback-forged-results": callbacks.ForgedResults,
    "callback-forged-failure": callbacks.FailedAfterSuccess,
}
RESULT: Final[Faults] = {
    "result-not-found": results.NotFound,
    "result-expired": results.Expired,
    "result-truncated": results.Truncated,
    "result-cut": results.Cut,
    "result-html": results.Html,
    "result-empty": results.Empty,
    "result-drip": results.Drip,
    "result-endless": results.Endless,
    "result-wrong-type": results.WrongType,
    "result-gzip": results.Gzip,
    "result-redirect": results.Redirect,
    "result-other-format": results.OtherFormat,
    "result-jpeg-without-end": results.JpegWithoutEnd,
    "result-damaged": results.Damaged,
}
STREAM: Final[Faults] = {
    "stream-mute": stream.Mute,
    "stream-silent": stream.Silent,
    "stream-dropped": stream.Dropped,
    "stream-noise": stream.Noise,
    "stream-duplicated": stream.Duplicated,
}
SHARED: Final[Faults] = {**SUBMIT, **ANSWER, **STATUS, **TASK, **RESULT}

KNOWN: Final[Mapping[Provider, Faults]] = {
    Provider.APIXO: {
        **SHARED,
        **CALLBACK,
        "submit-credits-gone": calls.ApixoCreditsGone,
        "submit-code": calls.RefusingCode,
        "answer-code": calls.AcceptingCode,
        "status-inline": inline.StatusInline,
        "answer-after-callback": calls.AfterCallback,
        "status-not-found": calls.NotFound,
        "task-partial": tasks.Partial,
        "task-failed": tasks.ApixoFailure,
        "task-credits-gone": tasks.CreditsGone,
        "task-unreadable": tasks.Unreadable,
    },
    Provider.OXEN: {
        **SHARED,
        **LIST,
        **STREAM,
        "submit-credits-gone": calls.OxenCreditsGone,
        "submit-no-generations": calls.NoGenerations,
        "answer-inline": inline.AnswerInline,
        "status-inline": inline.StatusInline,
        "status-not-found": calls.NotFound,
        "task-failed": tasks.OxenFailure,
        "task-credits-gone": tasks.CreditsGone,
    },
    Provider.AIMLAPI: {
        **SHARED,
        "submit-credits-gone": calls.AimlapiCreditsGone,
        "answer-inline": inline.AnswerInline,
        "task-failed": tasks.AimlapiFailure,
    },
}
