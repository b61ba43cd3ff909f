"""Sizes and qualities of OpenAI's image API in the words of a model that may have neither."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import log
from typing import Final

from shared.domain.offers import Model
from shared.domain.sizes import Size, written
from shared.domain.wanted import JobInput

# What OpenAI's models have had; programs offer no others to choose from.
_THEIRS: Final = frozenset(
    {"256x256", "512x512", "1024x1024", "1024x1536", "1536x1024", "1024x1792", "1792x1024"}
)
_PLAIN: Final = JobInput(prompt="a")
_LARGE: Final = frozenset({"high", "hd"})


def dimensions(
    model: Model, *, size: str | None, quality: str | None, may_be_large: bool
) -> dict[str, str]:
    """Return the fields of a job that say how large its images are to be; none: as usual.

    A size of OpenAI's that the model lacks becomes the nearest shape at the model's smallest
    resolution. A size says more than a quality.
    """
    if size is None:
        largest = _resolutions(model)[-1:] if quality in _LARGE and may_be_large else []
        return {"resolution": largest[0]} if largest else {}
    asked = written(size)
    if asked is None or str(asked) not in _THEIRS or _takes(model, size=size):
        return {"size": size}
    return next(_shapes(model, asked), {})


def takes_value(model: Model, name: str, value: object) -> bool:
    """Return whether a provider of the model has this value of an optional field."""
    rules = (offer.rules.get(name) for offer in model.offers)
    return any(rule is not None and rule.complaint(value) is None for rule in rules)


def _shapes(model: Model, size: Size) -> Iterator[dict[str, str]]:
    """Give what the model can do instead, the smallest first, and of those the nearest in shape."""
    ratios = sorted(_ratios(model), key=lambda ratio: abs(log(size.width / size.height / ratio[1])))
    for resolution in _resolutions(model):
        for name, _ in ratios:
            if _takes(model, resolution=resolution, aspect_ratio=name):
                yield {"resolution": resolution, "aspect_ratio": name}


def _takes(model: Model, **fields: str) -> bool:
    job_input = replace(_PLAIN, **fields)  # type: ignore[arg-type]  # text fields of it, all of them
    return any(not offer.complaints(job_input) for offer in model.offers)


def _resolutions(model: Model) -> list[str]:
    return sorted(set(_values(model, "resolution")), key=lambda name: float(name.rstrip("kK")))


def _ratios(model: Model) -> set[tuple[str, float]]:
    parts = ((name, name.split(":")) for name in _values(model, "aspect_ratio"))
    return {
        (name, int(sides[0]) / int(sides[1]))
        for name, sides in parts
        if len(sides) == 2 and all(side.isdecimal() for side in sides)  # noqa: PLR2004  width and height
    }


def _values(model: Model, name: str) -> Iterable[str]:
    return (
        value for offer in model.offers if name in offer.rules for value in offer.rules[name].values
    )
