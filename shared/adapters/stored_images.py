"""What is stored of a result, and how it is described: the same for every kind of bucket."""

from shared.domain.errors import ErrorCode, Fault, ResultDamaged, ResultUnavailable
from shared.domain.image import StoredImage
from shared.domain.image_kinds import Kind
from shared.domain.image_probe import ImageProbe, NotAnImage
from shared.ports.media import Download


def kind_in(probe: ImageProbe) -> Kind:
    """Raises ResultUnavailable for what is no image at all."""
    try:
        return probe.kind()
    except NotAnImage as exc:
        message = f"what the provider served is no image: {exc}"
        raise ResultUnavailable(Fault(code=ErrorCode.NOT_AN_IMAGE, message=message)) from exc


def check_kept(probe: ImageProbe, download: Download, *, sha256: str) -> None:
    """Raise ResultUnavailable or ResultDamaged for what is not to be stored."""
    kind_in(probe)
    is_complete = probe.is_of_another_format and download.announced is not None
    if probe.is_sound or download.is_whole or is_complete or download.seen_sha256 == sha256:
        return
    message = "what the provider served is cut short, or damaged"
    raise ResultDamaged(Fault(code=ErrorCode.NOT_AN_IMAGE, message=message), sha256=sha256)


def described(  # noqa: PLR0913  # all that is known of it
    probe: ImageProbe, *, key: str, attempt: int, position: int, size: int, sha256: str
) -> StoredImage:
    """Describe stored bytes; what is no sound image of a known format is never decoded."""
    facts = probe.facts()
    return StoredImage(
        index=position,
        attempt=attempt,
        position=position,
        key=key,
        content_type=facts.content_type,
        bytes=size,
        width=facts.width,
        height=facts.height,
        sha256=sha256,
        verified=None if probe.is_sound else False,
    )
