"""Workers share what was unpacked of a package; each finds it whole in a folder of its own."""

from pathlib import Path
from zipfile import ZipFile

from local.shared_code import SharingZipFile


def packed(file: Path, **files: str) -> Path:
    with ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}/handler.py", text)
    return file


def unpacked(package: Path, worker: Path, folder: str = "code") -> Path:
    target = worker / folder
    target.mkdir(parents=True)
    with SharingZipFile(package) as archive:
        archive.extractall(target)
    return target


def test_two_workers_have_the_same_files(tmp_path: Path) -> None:
    package = packed(tmp_path / "code.zip", submit="1", watch="2")

    one, other = (unpacked(package, tmp_path / name) for name in ("one", "other"))

    assert (one / "submit/handler.py").samefile(other / "submit/handler.py")
    for code in (one, other):
        assert sorted(entry.name for entry in code.iterdir()) == ["submit", "watch"]
        assert (code / "watch/handler.py").read_text() == "2"


def test_another_package_is_another(tmp_path: Path) -> None:
    before = unpacked(packed(tmp_path / "1.zip", submit="1"), tmp_path / "one")

    after = unpacked(packed(tmp_path / "2.zip", submit="2"), tmp_path / "other")

    assert (before / "submit/handler.py").read_text() == "1"
    assert (after / "submit/handler.py").read_text() == "2"


def test_what_one_worker_leaves_the_other_keeps(tmp_path: Path) -> None:
    package = packed(tmp_path / "code.zip", submit="1")
    one, other = (unpacked(package, tmp_path / name) for name in ("one", "other"))

    (one / "submit").unlink()

    assert (other / "submit/handler.py").read_text() == "1"


def test_what_is_no_package_is_unpacked_where_it_is_asked_for(tmp_path: Path) -> None:
    layer = unpacked(packed(tmp_path / "layer.zip", lib="1"), tmp_path / "one", "layer")

    assert not (layer / "lib").is_symlink()
    assert (layer / "lib/handler.py").read_text() == "1"
