"""The functions' packages, made by the recipe that `sam build` uses and cached under `.seedhook/`.

One is for all functions, but for those to which the Makefile gives requirements of their own.

Bridges: the recipe is asked for this machine's architecture and system and for the engine's
Python, not for Lambda's; the zip is stored, not deflated, because the engine unpacks it for every
new worker.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.engine import PYTHON, ROOT
from local.errors import StackError

_KEPT = 6
_ABANDONED_SECONDS = 600
_COMMON = "SubmitFunction"  # any of those without requirements of their own
_REQUIREMENTS = "requirements/runtime.txt"
_OWN_REQUIREMENTS = re.compile(r"^build-(\w+): REQUIREMENTS := (\S+)$", re.MULTILINE)
_MACHINES = {"arm64": "arm64", "aarch64": "arm64", "x86_64": "x86_64", "amd64": "x86_64"}
_DARWIN_PLATFORMS = {"arm64": "aarch64-apple-darwin", "x86_64": "x86_64-apple-darwin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    path: Path
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    common: Package
    own: Mapping[str, Package]  # of the functions that have one, by their logical ids

    def __iter__(self) -> Iterator[Package]:
        yield self.common
        yield from self.own.values()


def host_architecture() -> str:
    machine = platform.machine().lower()
    if machine not in _MACHINES:
        raise StackError(f"no Lambda architecture is like this machine's: {machine}")
    return _MACHINES[machine]


def build_packages(*, root: Path = ROOT, python: Path = PYTHON) -> Packages:
    """Give back the packages for what the sources are now; built only when they changed."""
    own = _OWN_REQUIREMENTS.findall((root / "Makefile").read_text(encoding="utf-8"))
    return Packages(
        common=_build(_COMMON, _REQUIREMENTS, root=root, python=python),
        own={
            function: _build(function, requirements, root=root, python=python)
            for function, requirements in own
        },
    )


def _build(function: str, requirements: str, *, root: Path, python: Path) -> Package:
    digest = _digest(requirements, root, python)
    cache = root / ".seedhook"
    package = cache / f"package-{digest}.zip"
    if not package.exists():
        cache.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as work:
            artifacts = Path(work, "artifacts")
            artifacts.mkdir()
            _make(function, root, python, artifacts)
            # Two builds at once each finish their own file; the name appears only when complete.
            _zip(artifacts, Path(work, "package.zip")).replace(package)
    package.touch()
    _forget_all_but(_KEPT, cache)
    return Package(path=package, digest=digest)


def _digest(requirements: str, root: Path, python: Path) -> str:
    digest = hashlib.sha256(f"{host_architecture()} {sys.platform} {python.resolve()}".encode())
    for path in _inputs(requirements, root):
        digest.update(f"\0{path.relative_to(root)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _inputs(requirements: str, root: Path) -> Iterator[Path]:
    yield root / "Makefile"
    yield root / requirements
    for folder in ("console", "functions", "shared"):
        yield from (
            path
            for path in sorted((root / folder).rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        )


def _make(function: str, root: Path, python: Path, artifacts: Path) -> None:
    architecture = host_architecture()
    command = ["make", "--silent", f"build-{function}"]
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
        raise StackError(f"the package of {function} was not built:\n{built.stdout}{built.stderr}")


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
