"""Edits by folder: which dropped object is what, and what it says about the picture wanted.

Under `edits/` an image is to be edited. What to do stands in its own metadata, in `<image>.json`
beside it, or in the nearest `_recipe.json` upwards.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

from shared.domain.ids import JobId, ulid
from shared.domain.image import StoredImage

EDITS: Final = "edits/"
RECIPE: Final = "_recipe.json"
ERROR: Final = ".error.json"
_SIDECAR: Final = ".json"
DEFAULT_MODEL: Final = "seedream-4.5"
MADE_BY_US: Final = ("generated-by", "seedhook")
LARGEST_BYTES: Final = 30 * 1024 * 1024

_INTEGERS: Final = frozenset({"n", "seed"})
_TRUTHS: Final = {"true": True, "false": False}
_LISTS: Final = frozenset({"tags", "images"})


class Kind(Enum):
    IMAGE = auto()
    SIDECAR = auto()
    NOTHING = auto()  # folders, recipes, our own error reports, and what lies elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """An object that has landed, as the notification tells."""

    bucket: str
    key: str
    version_id: str | None
    at: datetime  # when it was notified of


def kind_of(key: str) -> Kind:
    name = key.rpartition("/")[2]
    if not key.startswith(EDITS) or not name or name == RECIPE or key.endswith(ERROR):
        return Kind.NOTHING
    return Kind.SIDECAR if key.endswith(_SIDECAR) else Kind.IMAGE


def image_of(sidecar: str) -> str:
    return sidecar.removesuffix(_SIDECAR)


def sidecar_of(key: str) -> str:
    return key + _SIDECAR


def recipes_for(key: str) -> Iterator[str]:
    """Yield where a recipe may lie, the nearest folder first, up to `edits/`."""
    folder = key.rpartition("/")[0]
    while folder:
        yield f"{folder}/{RECIPE}"
        folder = folder.rpartition("/")[0]


def job_id_of(drop: Drop, at: datetime) -> JobId:
    """Return the one id that a job for this version of this object can have."""
    text = "\0".join((drop.bucket, drop.key, drop.version_id or ""))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return JobId(f"job_{ulid(at, digest[:10])}")


def reference_to(drop: Drop) -> str:
    version = f"?versionId={drop.version_id}" if drop.version_id else ""
    return f"s3://{drop.bucket}/{drop.key}{version}"


def instruction_in(metadata: Mapping[str, str]) -> bytes | None:
    """Return what the object's own metadata asks for as a request; None without a prompt."""
    if not metadata.get("prompt"):
        return None
    fields = {name.replace("-", "_"): value for name, value in metadata.items()}
    return json.dumps({name: field_of(name, value) for name, value in fields.items()}).encode()


def request_for(instruction: bytes, drop: Drop) -> bytes:
    """Complete an instruction to a request: the dropped image comes first among the references.

    Raises ValueError or TypeError for what is no JSON object.
    """
    wanted = json.loads(instruction)
    if not isinstance(wanted, dict):
        raise TypeError("the instruction must be a JSON object")
    others = wanted.get("images", [])
    images = [reference_to(drop), *(others if isinstance(others, list) else [others])]
    return json.dumps({"model": DEFAULT_MODEL, **wanted, "images": images}).encode()


def field_of(name: str, text: str) -> Any:
    """Read a field that came as text: numbers, truths and lists are told by their names."""
    if name in _LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    if name in _INTEGERS and text.lstrip("-").isdecimal() and len(text) <= len(str(-(2**63))):
        return int(text)
    return _TRUTHS.get(text.lower(), text)


def copy_of(image: StoredImage, *, source: str) -> str:
    """Return where in the media bucket a result is found by who dropped the object."""
    return f"{source}/{image.index}.{image.key.rpartition('.')[2]}"


def report_beside(source: str) -> str:
    return f"{source}/job.json"
