"""Reads the headers of sql/api: a description, and the text after the labels Locks, Raises and Callers."""

import re
from dataclasses import dataclass

from tools.stubs import ROOT

FOLDER = ROOT / "sql" / "api"

# A label begins a sentence; the oldest headers write Raises without a colon.
_LABEL = re.compile(r"(?:^|(?<=[.)] ))(Locks:|Raises:?|Callers:)(?= |$)")
_CODE = re.compile(r"(?:^|, |; | and )(TN\d{3}|\d{2}[0-9A-Z]{3})\b")


@dataclass(frozen=True)
class Header:
    """A file's header. raises: SQLSTATEs with a note on when, which may be empty."""

    domain: str
    locks: str
    raises: list[tuple[str, str]]
    callers: str


def read() -> dict[str, Header]:
    """The headers by function."""
    return {path.stem: parse(path.parent.name, path.read_text()) for path in sorted(FOLDER.rglob("*.sql"))}


def parse(domain: str, source: str) -> Header:
    """The header of a file's text."""
    lines = []
    for line in source.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line[2:].strip())
    sections = {"Locks": "", "Raises": "", "Callers": ""}
    for paragraph in re.split(r"\n\n", "\n".join(lines)):
        parts = _LABEL.split(" ".join(paragraph.split()))
        for label, text in zip(parts[1::2], parts[2::2], strict=True):
            sections[label.removesuffix(":")] += text
    return Header(domain, _first(sections["Locks"]), codes(sections["Raises"]), _first(sections["Callers"]))


def codes(text: str) -> list[tuple[str, str]]:
    """The SQLSTATEs in `TN001, TN002 (unknown plan), 42501.`, with their notes."""
    parts = _CODE.split(_first(text).rstrip("."))
    return [
        (code, re.sub(r"^\((.*)\)$", r"\1", note.strip(" .,;")))
        for code, note in zip(parts[1::2], parts[2::2], strict=True)
    ]


def _first(text: str) -> str:
    """Up to the first full stop at the end of a sentence."""
    return re.split(r"(?<=\.)(?= [A-Z])", text.strip())[0]
