"""The functions' package, made by the recipe that `sam build` uses and cached under `.seedhook/`.

Bridges: the recipe is asked for this machine's architecture and system and for the engine's
Python, not for Lambda's; the zip is stored, not deflated, because the engine unpacks it for every
new worker.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.engine import PYTHON, ROOT
from local.errors import StackError

_KEPT = 3
_ABANDONED_SECONDS = 600
_MACHINES = {"arm64": "arm64", "aarch64": "arm64", "x86_64": "x86_64", "amd64": "x86_64"}
_DARWIN_PLATFORMS = {"arm64": "aarch64-apple-darwin", "x86_64": "x86_64-apple-darwin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    path: Path
    digest: str


def host_architecture() -> str:
    machine = platform.machine().lower()
    if machine not in _MACHINES:
        raise StackError(f"no Lambda architecture is like this machine's: {machine}")
    return _MACHINES[machine]


def build_package(*, root: Path = ROOT, python: Path = PYTHON) -> Package:
    """Give back the package for what the sources are now; built only when they changed."""
    digest = _digest(root, python)
    cache = root / ".seedhook"
    package = cache / f"package-{digest}.zip"
    if not package.exists():
        cache.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as work:
            artifacts = Path(work, "artifacts")
            artifacts.mkdir()
            _make(root, python, artifacts)
            # Two builds at once each finish their own file; the name appears only when complete.
            _zip(artifacts, Path(work, "package.zip")).replace(package)
    package.touch()
    _forget_all_but(_KEPT, cache)
    return Package(path=package, digest=digest)


def _digest(root: Path, python: Path) -> str:
    digest = hashlib.sha256(f"{host_architecture()} {sys.platform} {python.resolve()}".encode())
    for path in _inputs(root):
        digest.update(f"\0{path.relative_to(root)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _inputs(root: Path) -> Iterator[Path]:
    yield root / "Makefile"
    yield root / "requirements" / "runtime.txt"
    for folder in ("functions", "shared"):
        yield from (
            path
            for path in sorted((root / folder).rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        )


def _make(root: Path, python: Path, artifacts: Path) -> None:
    architecture = host_architecture()
    command = ["make", "--silent", "build-SubmitFunction"]
    command += [f"ARTIFACTS_DIR={artifacts}", f"ARCHITECTURE={architecture}"]
    command += [f"PYTHON_VERSION={_version(python)}", f"COMPILER={python}"]
    if sys.platform == "darwin":
        command.append(f"PLATFORM_{architecture}={_DARWIN_PLATFORMS[architecture]}")
    # A make that runs us (make demo) must not hand its own flags to the one we run.
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    built = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if built.returncode != 0:
        raise StackError(f"the functions' package was not built:\n{built.stdout}{built.stderr}")


def _version(python: Path) -> str:
    """Return the engine's Python as 3.13; its workers run what the package holds."""
    command = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _zip(artifacts: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(artifacts.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(artifacts))
    return target


def _forget_all_but(kept: int, cache: Path) -> None:
    packages = sorted(cache.glob("package-*.zip"), key=lambda path: path.stat().st_mtime)
    for path in packages[:-kept]:
        path.unlink(missing_ok=True)
    for leftover in cache.glob("build-*"):
        # Left by a build that was killed: no build takes this long.
        if leftover.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
            shutil.rmtree(leftover, ignore_errors=True)
