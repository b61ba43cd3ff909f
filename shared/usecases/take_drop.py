"""Take in what was dropped into the uploads bucket: each version of an image is one edit."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from shared.domain.api_key import ApiKey
from shared.domain.edits import (
    LARGEST_BYTES,
    MADE_BY_US,
    Drop,
    Kind,
    image_of,
    instruction_in,
    job_id_of,
    kind_of,
    recipes_for,
    reference_to,
    request_for,
    sidecar_of,
)
from shared.domain.errors import (
    BudgetExceeded,
    ComeBackLater,
    FieldError,
    InvalidRequest,
    VersionConflict,
)
from shared.domain.image_probe import NotAnImage, Truncated, facts_of_reference
from shared.ports.intake import DropFolder, Dropped
from shared.ports.messages import Queue
from shared.ports.runtime import Clock
from shared.usecases.admit_job import AdmitJob, Wish
from shared.usecases.refuse_intake import Refusal, RefuseIntake
from shared.usecases.taken import FindKey, ReadWish, Taken

_SIDECAR_PATIENCE: Final = timedelta(seconds=60)
_SIDECAR_BYTES: Final = 256 * 1024
_NOTHING_SAID: Final = (
    "nothing says what to do with it: put x-amz-meta-prompt on the object, or {image}.json beside "
    "it, or a _recipe.json into its folder, and drop it again"
)

_IGNORED: Final = Taken()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeDrop:
    """However often and in whatever order notifications come: one version, one job."""

    folder: DropFolder
    admit_job: AdmitJob
    dispatch_queue: Queue
    refuse: RefuseIntake
    find_key: FindKey
    clock: Clock

    def __call__(self, drop: Drop, *, read_wish: ReadWish, waited: bool = False) -> Taken:
        """`waited` when the time for a sidecar to arrive is over."""
        kind = kind_of(drop.key)
        if kind is Kind.NOTHING:
            return _IGNORED
        if kind is Kind.SIDECAR:
            drop = replace(drop, key=image_of(drop.key), version_id=None)
        found = self._found(drop)
        if found is None:
            return _IGNORED if kind is Kind.SIDECAR else self._gone(drop)
        if found.metadata.get(MADE_BY_US[0]) == MADE_BY_US[1]:
            return _IGNORED
        return self._answered(drop, found, read_wish, waited=waited)

    def _found(self, drop: Drop) -> Dropped | None:
        """What was deleted since is gone, though a versioned bucket still has what it was."""
        latest = self.folder.look(drop.key, version_id=None)
        if latest is None or drop.version_id in {None, latest.version_id}:
            return latest
        return self.folder.look(drop.key, version_id=drop.version_id)

    def _answered(self, drop: Drop, found: Dropped, read_wish: ReadWish, *, waited: bool) -> Taken:
        drop = replace(drop, version_id=found.version_id)
        try:
            return self._take(drop, found, read_wish, waited=waited)
        except InvalidRequest as error:
            return self._refused(drop, Refusal.of(error))
        except BudgetExceeded as error:
            return self._refused(drop, Refusal(code="budget_exceeded", detail=str(error)))
        except ComeBackLater as error:
            return Taken.later(error, came=drop.at, now=self.clock.now())

    def _take(self, drop: Drop, found: Dropped, read_wish: ReadWish, *, waited: bool) -> Taken:
        key = self.find_key()
        if key is None:
            raise _complaint("edits by folder are off: no API key is named for them")
        instruction = self._instruction(drop, found)
        if instruction is None and not waited:
            age = self.clock.now() - found.at
            left = int((_SIDECAR_PATIENCE - age).total_seconds())
            if left > 0:
                return Taken(wait_seconds=left)
        instruction = instruction or self._recipe(drop)
        if instruction is None:
            name = drop.key.rpartition("/")[2]
            raise _complaint(_NOTHING_SAID.format(image=name))
        self._check_image(drop, found)
        return self._admit(drop, found, key, read_wish(_completed(instruction, drop)))

    def _instruction(self, drop: Drop, found: Dropped) -> bytes | None:
        own = instruction_in(found.metadata)
        return own or self.folder.read(sidecar_of(drop.key), at_most=_SIDECAR_BYTES)

    def _recipe(self, drop: Drop) -> bytes | None:
        recipes = (self.folder.read(one, at_most=_SIDECAR_BYTES) for one in recipes_for(drop.key))
        return next((recipe for recipe in recipes if recipe is not None), None)

    def _check_image(self, drop: Drop, found: Dropped) -> None:
        if not 0 < found.bytes <= LARGEST_BYTES:
            raise _complaint(f"has {found.bytes} bytes; 1 to {LARGEST_BYTES} are allowed")
        content = self.folder.read(drop.key, version_id=drop.version_id, at_most=LARGEST_BYTES)
        if content is None:
            raise _complaint("may not be read: is it encrypted with a key of your own?")
        try:
            facts_of_reference(content)
        except (NotAnImage, Truncated) as exc:
            raise _complaint("is not a whole PNG, JPEG, WebP or GIF image") from exc

    def _admit(self, drop: Drop, found: Dropped, key: ApiKey, wish: Wish) -> Taken:
        job_id = job_id_of(drop, found.at)
        try:
            admitted = self.admit_job(wish, key=key, render=str, job_id=job_id, source=drop.key)
        except VersionConflict:  # this version has its job already
            return _IGNORED
        self.dispatch_queue.send(job_id)
        return Taken(job=admitted.job)

    def _gone(self, drop: Drop) -> Taken:
        """There is nothing left to put an error beside."""
        words = "the object was deleted before it was read, or may not be read"
        refusal = Refusal(code="source_gone", detail=words)
        self.refuse(refusal, source=reference_to(drop), at=drop.at, key=self.find_key())
        return Taken(refused=refusal.code)

    def _refused(self, drop: Drop, refusal: Refusal) -> Taken:
        source, key = reference_to(drop), self.find_key()
        self.refuse(refusal, source=source, at=drop.at, key=key, beside=drop.key)
        return Taken(refused=refusal.code)


def _completed(instruction: bytes, drop: Drop) -> bytes:
    try:
        return request_for(instruction, drop)
    except (ValueError, TypeError, RecursionError) as exc:
        raise _complaint("the instruction is no JSON object") from exc


def _complaint(message: str) -> InvalidRequest:
    return InvalidRequest([FieldError(pointer="", code="instruction", message=message)])
