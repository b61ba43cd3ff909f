"""What a job asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInput:
    """What was asked for, in Seedhook's own vocabulary (contract 2.1)."""

    prompt: str
    images: tuple[str, ...] = ()
    n: int = 1
    resolution: str | None = None
    aspect_ratio: str | None = None
    size: str | None = None
    seed: int | None = None
    output_format: str | None = None
    watermark: bool | None = None
    sequential: str | None = None
    prompt_optimize: str | None = None
