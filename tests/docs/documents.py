"""The documents, taken apart: fenced blocks, links, code spans, headings, tables."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from textwrap import dedent

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ROW = re.compile(r" *\|(.+)\|")
_RULE = re.compile(r"[\s:-]*")
_TEST = re.compile(r"`?(tests/[\w/]+\.py)::([\w:]+)`?")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; the words after its language say how a reader must treat it."""

    language: str
    words: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Document:
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        return [_block(match["info"], match["text"]) for match in _FENCE.finditer(self.text)]

    @cached_property
    def prose(self) -> str:
        return _FENCE.sub("", self.text)

    @cached_property
    def code_spans(self) -> list[str]:
        return _CODE.findall(self.prose)

    @cached_property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @cached_property
    def anchors(self) -> set[str]:
        return {_slug(heading) for heading in _HEADING.findall(self.prose)}

    def table(self, first_heading: str) -> list[list[str]]:
        """Return the rows of the table whose first column is headed so, without their marks."""
        rows = iter(self._rows())
        for row in rows:
            if row[0] == first_heading:
                return self._body(rows, columns=len(row))
        raise AssertionError(f"{self.path} has no table of {first_heading}s")

    def _rows(self) -> Iterator[list[str]]:
        for line in self.prose.splitlines():
            row = _ROW.fullmatch(line)
            yield [cell.strip().strip("`") for cell in row[1].split("|")] if row else [""]

    @staticmethod
    def _body(rows: Iterator[list[str]], *, columns: int) -> list[list[str]]:
        body: list[list[str]] = []
        for row in rows:
            if len(row) != columns:
                break
            if not all(map(_RULE.fullmatch, row)):
                body.append(row)
        return body


def named_tests(text: str) -> list[tuple[str, str]]:
    """Return the tests that a text names: `file::test`, with its class before it or without."""
    return _TEST.findall(text)


def missing_tests(text: str) -> list[str]:
    return [f"{path}::{name}" for path, name in named_tests(text) if name not in _tests_of(path)]


@cache
def _tests_of(path: str) -> set[str]:
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    return set(_names(tree.body, prefix=""))


def _names(body: Sequence[ast.stmt], *, prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}"
        elif isinstance(node, ast.ClassDef):
            yield from _names(node.body, prefix=f"{node.name}::")
            yield from _names(node.body, prefix="")


def documents() -> list[Document]:
    paths = [*Path().glob("*.md"), *Path("docs").rglob("*.md"), Path("client/README.md")]
    return [Document(path) for path in sorted(paths)]


def readme() -> Document:
    return Document(Path("README.md"))


def _block(info: str, text: str) -> Block:
    language, *words = info.split() or [""]
    return Block(language, tuple(words), dedent(text))


def _slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")
