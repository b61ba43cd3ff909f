"""A provider's own words: what they mean, and what of them may be told."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from shared.domain.errors import ErrorCode, Fault

_LONGEST_MESSAGE: Final = 300
_DEEPEST: Final = 5
_MOST_READ: Final = 100_000  # several times the longest prompt, were it repeated

# The providers' vocabularies are unstable, so words are read by family.
_FAMILIES: Final[tuple[tuple[tuple[str, ...], ErrorCode], ...]] = (
    (
        ("sensitive", "nsfw", "prohibit", "violat", "moderat", "content policy", "riskdetection"),
        ErrorCode.CONTENT_POLICY,
    ),
    (
        ("credit", "balance", "insufficient fund", "insufficient_quota"),
        ErrorCode.PROVIDER_CREDITS,
    ),
    (
        ("downloading url", "download_failed", "forbidden for url", "invalid_image_url"),
        ErrorCode.REFERENCE_UNREACHABLE,
    ),
    (
        (
            "prompt_too_long",
            "promptlengthexceeded",
            "invalid_prompt",
            "image_too_large",
            "unsupported_format",
        ),
        ErrorCode.INVALID_INPUT,
    ),
    (("timeout", "timed out"), ErrorCode.PROVIDER_TIMEOUT),
    (("unavailable",), ErrorCode.PROVIDER_UNAVAILABLE),
)

_LINK: Final = re.compile(
    r"[a-z][a-z0-9+.-]{0,9}://(?:[^\s/?#]*@)?([^\s/?#\\,;'\"<>()]*)\S*", re.IGNORECASE
)
_INLINE_FILE: Final = re.compile(r"data:[^\s,]{0,100},\S*", re.IGNORECASE)


def fault_of(words: str, *, otherwise: ErrorCode = ErrorCode.PROVIDER_REJECTED) -> Fault:
    """Classify a provider's words; they have been through `in_words`, so no link misleads."""
    lowered = words.lower()
    families = (code for marks, code in _FAMILIES if any(mark in lowered for mark in marks))
    return Fault(code=next(families, otherwise), message=words)


def in_words(provider: str, parts: Iterable[object], *, hide: Iterable[str], otherwise: str) -> str:
    """Return the provider's own words on one line, fit for a log, a screen and an event.

    Of links only the host stays. What is to `hide`, the key and the prompt, goes.
    """
    text = _on_one_line(" ".join(_spoken(list(parts), _DEEPEST))[:_MOST_READ])
    for secret in map(_on_one_line, hide):
        text = _without(text, secret)
    text = _INLINE_FILE.sub("an inline file", _LINK.sub(r"\1", text))
    return f"{provider}: {text[:_LONGEST_MESSAGE] or otherwise}"


def _spoken(part: object, depth: int) -> Iterator[str]:
    """Yield the texts in it, as they were sent: escaped, a secret would not be recognised."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield str(part)
    elif isinstance(part, dict) and depth:
        for name, value in part.items():
            yield from (str(name), *_spoken(value, depth - 1))
    elif isinstance(part, list) and depth:
        for one in part:
            yield from _spoken(one, depth - 1)


def _on_one_line(text: str) -> str:
    """Leave out what is no character to be shown: controls, and halves of surrogate pairs."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _without(text: str, secret: str) -> str:
    """Take out a text, but not from within words: a prompt may be as short as `a`."""
    if not secret:
        return text
    start = r"(?<!\w)" if secret[0].isalnum() else ""
    end = r"(?!\w)" if secret[-1].isalnum() else ""
    return re.sub(start + re.escape(secret) + end, "\N{HORIZONTAL ELLIPSIS}", text)
