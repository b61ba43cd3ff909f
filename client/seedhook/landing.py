"""Where a download comes down: in a file beside its place, which it takes only when it is whole."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from .errors import Misconfigured, NotWhole

type Progress = Callable[[int, int], None]


@dataclass(slots=True, kw_only=True)
class Landing:
    """Bytes on their way to a place, counted and hashed as they come."""

    place: Path
    file: FileIO
    expected: int
    progress: Progress | None = None
    received: int = 0
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def restart(self) -> None:
        """Forget what came in a try that broke off."""
        self.file.seek(0)
        self.file.truncate()
        self.received = 0
        self._hash = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[self.file.write(rest) :]
        except OSError as exc:
            raise _unwritable(self.place, exc) from exc
        self._hash.update(chunk)
        self.received += len(chunk)
        if self.progress:
            self.progress(self.received, self.expected)

    def check(self, sha256: str, *, name: str) -> None:
        """Raises NotWhole for anything but what was recorded."""
        if self._hash.hexdigest() != sha256:
            told = f"{self.received} of {self.expected} bytes"
            raise NotWhole(f"{name} is not what its job recorded ({told}); it was not kept")


@contextmanager
def landing(place: Path, *, expected: int, progress: Progress | None) -> Iterator[Landing]:
    """Give back where to write. The file takes its place only if the block ends well."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    except OSError as exc:
        raise _unwritable(place, exc) from exc
    try:
        # Unbuffered: a full disk is told while there is somebody to tell.
        with FileIO(handle, "w+") as file:
            yield Landing(place=place, file=file, expected=expected, progress=progress)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _unwritable(place: Path, error: OSError) -> Misconfigured:
    return Misconfigured(f"cannot write {place}: {error.strerror}")


def _umask() -> int:
    """Return what new files are denied; it can only be read by setting it."""
    current = os.umask(0)
    os.umask(current)
    return current
