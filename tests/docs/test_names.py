"""What the documents name is there: files, headings, make targets, parameters, constants."""

import re
from pathlib import Path

import pytest

from local.providers import PROVIDERS
from local.template_bridge import load_template
from tests.docs.documents import Document, documents

DOCUMENTS = documents()
TEMPLATE = load_template(Path("template.yaml"))
WORDS_OF_THE_TEMPLATE = frozenset(re.findall(r"\w+", Path("template.yaml").read_text()))
WORDS_OF_THE_CODE = frozenset(
    word
    for folder in ("shared", "functions", "local", "client")
    for path in Path(folder).rglob("*.py")
    for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
)
PROVIDERS_VARIABLES = {
    f"{provider.prefix}_{what}" for provider in PROVIDERS for what in ("API_KEY", "BASE_URL")
}
TARGETS = frozenset(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), re.MULTILINE))

_IN_THE_TREE = re.compile(
    r"(?:shared|functions|local|client|tests|docs|events|requirements|\.ci)/[\w./-]*"
    r"|[\w-]+\.(?:md|yaml|toml|json)"
)
_CAMEL = re.compile(r"[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+")
_CONSTANT = re.compile(r"_?[A-Z]+(?:_[A-Z]+)+")
_MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")

pytestmark = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.path))


def code_of(document: Document) -> list[str]:
    return [*document.code_spans, *(block.text for block in document.blocks)]


def test_every_relative_link_leads_somewhere(document: Document) -> None:
    known = {other.path.resolve(): other.anchors for other in DOCUMENTS}
    for link in document.links:
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (document.path.parent / path).resolve() if path else document.path.resolve()
        assert target.exists(), f"{document.path}: {link}"
        assert not anchor or anchor in known[target], f"{document.path}: {link}"


def test_every_file_it_names_exists(document: Document) -> None:
    named = {span for span in document.code_spans if _IN_THE_TREE.fullmatch(span)}

    assert [name for name in sorted(named) if not is_there(document, name)] == []


def is_there(document: Document, name: str) -> bool:
    return Path(name).exists() or (document.path.parent / name).exists()


def test_every_make_target_it_names_exists(document: Document) -> None:
    named = {target for code in code_of(document) for target in _MAKE.findall(code)}

    assert named <= TARGETS


def test_every_name_of_the_template_is_in_it(document: Document) -> None:
    spans = {span for span in document.code_spans if _CAMEL.fullmatch(span)}
    keys = {key for block in document.blocks for key in re.findall(r"=='(\w+)'", block.text)}

    assert spans - WORDS_OF_THE_TEMPLATE - WORDS_OF_THE_CODE == set()
    assert keys <= TEMPLATE["Outputs"].keys()


def test_every_constant_it_names_is_in_the_code(document: Document) -> None:
    named = {span for span in document.code_spans if _CONSTANT.fullmatch(span)}

    assert named - WORDS_OF_THE_CODE - PROVIDERS_VARIABLES == set()
