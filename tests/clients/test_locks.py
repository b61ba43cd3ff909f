"""What the programs are installed from."""

from pathlib import Path


def test_no_lock_names_a_registry() -> None:
    """Each machine asks its own."""
    node = Path("tests/clients/node/package-lock.json").read_text(encoding="utf-8")
    python = [path.read_text(encoding="utf-8") for path in Path("requirements").glob("*.txt")]

    assert '"resolved"' not in node
    assert [text for text in python if "://" in text] == []
