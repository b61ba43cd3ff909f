"""What AI/ML API's answers are taken for: images, what they have cost, refusals.

All of an answer may be null. Amounts are read as they are written, never through floats.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from re import compile as regex
from typing import Any, Final

from shared.adapters.http import HttpAnswer
from shared.adapters.inline_images import image_in
from shared.adapters.providers.answers import is_success, refusal
from shared.adapters.providers.words import fault_of, in_words
from shared.domain.errors import ErrorCode, Refused, SubmissionError
from shared.domain.ids import TaskId
from shared.domain.submission import Made
from shared.ports.providers import Acceptance

NAME: Final = "aimlapi"
_CREDITS_PER_USD: Final = 2_000_000
_MOST_USD: Final = 1000  # for one image; what is more is nonsense
_NANO: Final = Decimal("1e-9")  # as they tell it; what is finer comes from somebody's floats
_OUT_OF_CREDITS: Final = 403  # where others have 402
_FIRST_ERROR: Final = 400
_INFERENCE: Final = regex(r"[!-~]{1,128}")
_PLAIN_NUMBER: Final = regex(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_STATUS: Final = regex(r"[1-5][0-9]{2}")


def object_of(content: bytes) -> dict[str, Any]:
    """Return the content as an object; anything else counts as an empty one."""
    try:
        body = json.loads(content, parse_float=_exact, parse_int=_exact)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def accepted(answer: HttpAnswer, body: Mapping[str, Any], *, asked: int) -> Acceptance | None:
    """Take the images that are there; a success may also have made none.

    None for what is no such answer, or tells of images in words we do not know.
    """
    if not is_success(answer) or "data" not in body:
        return None
    images = _images(body["data"])
    if images is None or (not images and _status_told(body)):
        return None
    made = Made(urls=_those(str, images[:asked]), charged_usd=_charge(answer, body))
    inference = answer.headers.get("x-inference-id", "")
    task_ids = (TaskId(inference),) if _INFERENCE.fullmatch(inference) else ()
    return Acceptance(task_ids=task_ids, made=made, contents=_those(bytes, images[:asked]))


def refusal_of(
    answer: HttpAnswer, body: Mapping[str, Any], *, hide: Iterable[str]
) -> SubmissionError | None:
    """Read a documented refusal, also one under a 200; images beside it forbid both."""
    if body.get("data"):
        return None
    status = (_status_told(body) if is_success(answer) else None) or answer.status
    words = in_words(NAME, _messages(body), hide=hide, otherwise=f"refused with {status}")
    if status == _OUT_OF_CREDITS:
        return Refused(fault_of(words, otherwise=ErrorCode.PROVIDER_CREDITS))
    return refusal(status, words, answer)


def usd(value: object) -> Decimal | None:
    """Read a sum that an image may have cost; None for what is no such sum."""
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value <= _MOST_USD:
        return None
    return abs(value.quantize(_NANO)).normalize()


def _charge(answer: HttpAnswer, body: Mapping[str, Any]) -> Decimal | None:
    meta = body.get("meta")
    usage = meta.get("usage") if isinstance(meta, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    told = map(usd, (answer.headers.get("x-aimlapi-usd-spent"), usage.get("usd_spent")))
    known = next((sum_ for sum_ in told if sum_ is not None), None)
    return _in_usd(usage.get("credits_used")) if known is None else known


def _in_usd(credits_used: object) -> Decimal | None:
    is_plain = isinstance(credits_used, Decimal) and _PLAIN_NUMBER.fullmatch(str(credits_used))
    return usd(Decimal(str(credits_used)) / _CREDITS_PER_USD) if is_plain else None


def _images(rows: object) -> list[str | bytes] | None:
    """Return links, and images that came inline; None if there are some and all unreadable."""
    if not isinstance(rows, list | None):
        return None
    told = [row for row in rows or [] if not _is_empty(row)]
    images = [image for image in map(image_in, told) if image is not None]
    return images if images or not told else None


def _is_empty(row: object) -> bool:
    return isinstance(row, dict) and row.get("url") is None and row.get("b64_json") is None


def _those[T](kind: type[T], images: Iterable[object]) -> tuple[T, ...]:
    return tuple(image for image in images if isinstance(image, kind))


def _messages(body: Mapping[str, Any]) -> list[str]:
    """Take texts alone: written out as a list, a prompt could no longer be told from the rest."""
    message = body.get("message")
    messages = message if isinstance(message, list) else [message]
    return [text for text in messages if isinstance(text, str)]


def _status_told(body: Mapping[str, Any]) -> int | None:
    """Return the status in an error's body, which may be a text."""
    told = str(body.get("statusCode"))
    status = int(told) if _STATUS.fullmatch(told) else 0
    return status if status >= _FIRST_ERROR else None


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond all numbers
        return Decimal("NaN")
