"""The packages that are deployed: an image library for the function that decodes, and no other."""

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from local.engine import ROOT
from local.package import Packages, build_packages
from local.template_bridge import load_template

FUNCTIONS = sorted(path.parent.name for path in Path("functions").glob("*/handler.py"))
_MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def packages() -> Packages:
    return build_packages()


def folders_of(package: Path) -> set[str]:
    with ZipFile(package) as archive:
        return {name.partition("/")[0] for name in archive.namelist()}


def test_the_functions_that_have_a_package_of_their_own_are_the_templates(
    packages: Packages,
) -> None:
    resources = load_template(ROOT / "template.yaml")["Resources"]

    assert packages.own.keys() == {"PreviewFunction"}
    assert packages.own.keys() <= resources.keys()


def test_only_the_preview_function_ships_an_image_library(packages: Packages) -> None:
    preview = packages.own["PreviewFunction"].path
    added = folders_of(preview) - folders_of(packages.common.path)

    assert {re.split(r"[-.]", name.lower())[0] for name in added} == {"pil", "pillow"}
    assert folders_of(packages.common.path) <= folders_of(preview)
    assert packages.common.path.stat().st_size < 25 * _MEGABYTE


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name != "preview"])
def test_every_other_function_starts_where_there_is_no_image_library(function: str) -> None:
    code = f"import sys; sys.modules['PIL'] = None; import functions.{function}.handler"

    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)

    assert run.returncode == 0, run.stderr.decode()
