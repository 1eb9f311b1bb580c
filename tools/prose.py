"""Measures the plain English of the project's prose: `python -m tools.prose [--list] [PATH…]`; part of `make lint`.

The prose is all text that a person reads: comments, docstrings, COMMENT ON, messages and pages. The program counts:

- noun clauses: a clause that starts with `what`, `who` or the like and stands as a noun ("`Whoever` has it may spend");
- long sentences: sentences of more than 40 words;
- chains: "as …, so …" in one sentence.

Relative clauses ("a user who has the token"), questions, and indirect questions after a verb of saying or deciding
("says which plan is missing") are plain English, and do not count.
"""

import argparse
import ast
import bisect
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from inspect import cleandoc
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

from tools.stubs import ROOT

LONG = 40  # words; a sentence of more is long
LIMITS = {"noun clauses": 1.0, "long sentences": 1.0, "chains": 0.5}
"""At most so many in each area: noun clauses and chains in 1000 words, long sentences in 100 sentences."""

AREAS = {
    "docs": r".*\.md",
    "SQL": r"sql/.*\.sql",
    "protos": r"protos/.*\.proto",
    "server": r"(server/(?!tenantry/v1/)|demo/).*\.py",
    "tests": r"tests/.*\.py",
    "tools": r"(benchmarks|tools)/.*\.py|Makefile|pyproject\.toml|\.squawk\.toml|\.sqruff|\.ci/.*",
}
"""The areas, in the order of the report; a file belongs to the first whose pattern fits its path."""
EXEMPT = re.compile(r"tests/tools/test_prose\.py|tests/clients/.*|docs/reference/.*")
"""Files with bad sentences on purpose, with code of others, and pages whose sentences stand in other files."""


class Line(NamedTuple):
    """A line of prose without the marks of its comment."""

    number: int
    text: str


@dataclass(frozen=True)
class Sentence:
    """A sentence and the line at which it starts."""

    path: str
    line: int
    text: str

    def words(self) -> int:
        """The number of words; a code in backquotes is one word."""
        return sum(1 for word in self.text.split() if any(map(str.isalnum, word)))


@dataclass
class Tally:
    """The counts of one area, and each find with its kind."""

    words: int = 0
    sentences: int = 0
    finds: list[tuple[str, Sentence]] = field(default_factory=list)

    def add(self, sentence: Sentence) -> None:
        """Counts a sentence."""
        self.words += sentence.words()
        self.sentences += is_whole(sentence)
        self.finds += [("noun clauses", sentence) for _ in noun_clauses(sentence.text)]
        if is_long(sentence):
            self.finds.append(("long sentences", sentence))
        self.finds += [("chains", sentence) for _ in CHAIN.finditer(sentence.text)]

    def rates(self) -> dict[str, float]:
        """The finds of each kind, in the units of LIMITS."""
        counts = Counter(kind for kind, _ in self.finds)
        return {
            "noun clauses": 1000 * counts["noun clauses"] / max(self.words, 1),
            "long sentences": 100 * counts["long sentences"] / max(self.sentences, 1),
            "chains": 1000 * counts["chains"] / max(self.words, 1),
        }


# Noun clauses.

TOKEN = re.compile(r"`[^`]*`|[\w'’*/-]*\w|[^\w\s]")  # noqa: RUF001
CHAIN = re.compile(
    r"(?:^|[,:;(] )as (?!(?:well|long|soon|far|fast|much|many|often|if|for|before|with)\b)[^.;:?!]*, so (?!that\b)",
    re.IGNORECASE,
)

# A token after which a new clause starts.
OPENING = frozenset('.:;(–—…|"')  # noqa: RUF001
# Verbs of saying and deciding: an indirect question follows them.
ASKING = re.compile(
    r"(?:ask|check|choose|clear|compute|decide|define|describe|detect|determine|discover|document|explain|guess|know"
    r"|learn|log|matter|note|notice|print|record|remember|report|say|see|show|state|teach|tell|test|track|understand"
    r"|unclear|wonder)(?:s|d|es|ed|ing|n)?"
    r"|choosing|chose|chosen|deciding|defining|describing|determining|knew|known|logged|logging|noting|noticing|saw"
    r"|seen|said|shown|stating|taught|told|understood"
)
# Verbs between which and the question an object may stand: "tells the client what to send".
TELLING = re.compile(r"(?:ask|show|teach|tell)(?:s|ed|ing|n)?|taught|told")
# Two words that introduce an indirect question together.
ASKING_PAIRS = re.compile(
    r"(?:find|found|work|figure)(?:s|ed|ing)? out|(?:depend|agree|decide)(?:s|d|ing)? on"
    r"|(?:regardless|independent|independently|irrespective|question) of"
)
ADVERB = re.compile(r"\w+ly|only|also|just|first|again|not|then|there|next")
JOINING = frozenset({",", "and", "or", "but", "nor", "not", "than"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# After these words `who` and `whose` have no noun to refer to.
NOT_NOUNS = _words(
    "a about above add adds admit admits after against all allow allows also although an and are as at be because been"
    " before being below beside between but by can charge charges could do does even except find finds for from get"
    " gets give gives had has have help helps hold holds how if in into is it just keep keeps let lets like list lists"
    " make makes match matches may might must name names near never no nor not of off on only onto or over own past per"
    " refuse refuses replace replaces return returns send sends shall should since so stop stops take takes than that"
    " the then there these this through to toward under unless until up use uses via was were when where whether which"
    " while will with within without would yet"
)
PREPOSITIONS = _words(
    "about above after against at before behind below beyond by for from in into like near of on past than through to"
    " toward towards under until with"
)
# Before these words a `whose` has no owned thing after it: "`whose` it is".
NO_POSSESSION = _words("a an he is are it the they these this those . , ) ;")
DETERMINERS = _words("a an its her his my our that the their this these your")
# "in whatever order" stands for "in any order".
ORDERS = _words("case door kind language order path reason role shape size state time version way")
# These begin an indirect question or a relative clause too: "says how it works and what it costs".
LEADING = _words("how that when whether which why")
WORDS = _words("what whatever who whoever whom whomever whose which whichever where")


def noun_clauses(text: str) -> list[str]:
    """The words of a sentence (`what`, `who` …) that start a clause that stands as a noun."""
    if text.rstrip("\"'”)*_ ").endswith("?"):
        return []
    tokens = [token.lower() for token in TOKEN.findall(text)]
    found = []
    asked = related = False  # whether this part of the sentence has an indirect question, or a relative clause
    for at, word in enumerate(tokens):
        if word in OPENING:
            asked = related = False
        elif word in LEADING:
            asked = asked or _is_asked(tokens[max(at - 6, 0) : at])
            related = related or word in ("that", "which")
        if word not in WORDS:
            continue
        before = tokens[max(at - 6, 0) : at]
        after = [*tokens[at + 1 : at + 8], "."]
        if word == "what" and "who" in before[-3:]:
            continue  # "`who` may do `what`"
        if _is_asked(before) or (asked and before[-1] in JOINING):
            asked = True
            if word == "whose" and after[0] in NO_POSSESSION:
                found.append(word)
        elif word in ("who", "whose") and _is_relative(before, related):
            related = True
            if word == "whose" and after[0] in NO_POSSESSION:
                found.append(word)
        elif _is_noun(word, before, after):
            found.append(word)
    return found


def _is_asked(before: Sequence[str]) -> bool:
    """Whether the words before introduce an indirect question."""
    words = list(before)
    while words and ADVERB.fullmatch(words[-1]):
        words.pop()
    if not words or words[-1] in OPENING:
        return False
    if ASKING.fullmatch(words[-1]) or ASKING_PAIRS.fullmatch(" ".join(words[-2:])):
        return True
    verb = next((at for at, word in enumerate(words) if TELLING.fullmatch(word)), None)
    return verb is not None and not {*words[verb:]} & (OPENING | JOINING | PREPOSITIONS)


def _is_relative(before: Sequence[str], related: bool) -> bool:
    """Whether `who` or `whose` follows a noun; `related`: the clause before it does."""
    if not before or before[-1] in OPENING:
        return False
    if before[-1] in JOINING and before[-1] != ",":
        return related
    if before[-1] in PREPOSITIONS:
        return before[-2:-1] == [","]  # "its functions, of whose plans"
    return before[-1] not in NOT_NOUNS


def _is_noun(word: str, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a clause that is neither relative nor an indirect question stands as a noun."""
    starts = not before or before[-1] in OPENING
    match word:
        case "where":
            return not starts and before[-1] in PREPOSITIONS
        case "which":
            return not before
        case "whom":
            return starts
        case "what":
            return after[0] != "if"
        case "whatever" | "whichever":
            # "Whatever the order, …", "in whatever order", "…, whichever comes first"
            concedes = before[-1:] == [","] or (starts and after[0] in DETERMINERS and "," in after)
            return not concedes and after[0] not in ORDERS
        case _:
            return True


def is_whole(sentence: Sentence) -> bool:
    """Whether a sentence is more than a heading, a label or a cell: it has five words."""
    return sentence.words() >= 5


def is_long(sentence: Sentence) -> bool:
    """Whether a sentence has more than LONG words; a list of errors is no sentence."""
    return sentence.words() > LONG and not re.match(r"Raises\b", sentence.text)


# Sentences.

STOP = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!etc)(?<!\bvs)[.!?][\"')\]*_”]*\s+(?=[^a-z]|\w+_\w+|\w+:)")
ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
# A label, or a word and spaces, as in a table: `grace_days    0 to 365`.
LABEL = re.compile(r"(?:Locks|Raises|Callers|Returns|Args|[a-z0-9]+_\w+):\s|[\w,+ ]+?\S\s{2,}(?=\S)")
CODE = re.compile(r"`[^`]+`")


def sentences(path: str, lines: Iterable[Line]) -> Iterator[Sentence]:
    """Sentences of prose: an empty line, an item of a list and a label (`Locks:`) start a new one."""
    for paragraph in _paragraphs(lines):
        starts, text = [], ""
        for number, line in paragraph:
            starts.append((len(text), number))
            text += line.strip() + " "
        text = CODE.sub(lambda code: code.group().replace(" ", "_"), text)
        at = 0
        for end in [*(match.end() for match in STOP.finditer(text)), len(text)]:
            if text[at:end].strip():
                started = starts[bisect.bisect_right(starts, (at, sys.maxsize)) - 1][1]
                yield Sentence(path, started, text[at:end].strip())
            at = end


def _paragraphs(lines: Iterable[Line]) -> Iterator[list[Line]]:
    paragraph: list[Line] = []
    last = None
    for line in lines:
        item = ITEM.match(line.text)
        is_code = line.text.startswith("    ") and not item and not paragraph
        gap = last is not None and line.number > last + 1
        if paragraph and (item or gap or not line.text.strip() or LABEL.match(line.text.strip())):
            yield paragraph
            paragraph = []
        if line.text.strip() and not is_code:
            paragraph.append(Line(line.number, line.text[item.end() :] if item else line.text))
        last = line.number
    if paragraph:
        yield paragraph


# Prose in files.

# Comments and strings of SQL and of protos, and all that may hold their marks without being one. A body in $$ is code.
SQL = re.compile(
    r"--(?P<comment>[^\n]*)|/\*(?P<block>.*?)\*/|(?P<quoted>'(?:[^']|'')*'(?:\s*\n\s*'(?:[^']|'')*')*)"
    r'|"[^"]*"|(?P<says>\bcomment\s+on\b[^;\']*?\bis\b|\btenantry\.fail\w*\s*\(|\braise\s+exception\b)|(?P<end>;)',
    re.DOTALL | re.IGNORECASE,
)
PROTO = re.compile(r'//(?P<comment>[^\n]*)|/\*(?P<block>.*?)\*/|"(?:[^"\\]|\\.)*"', re.DOTALL)
HASH = re.compile(r"(?:^|(?<=\s))#+ (?P<comment>.*)$", re.MULTILINE)
DIRECTIVE = re.compile(r"(?:type|noqa|fmt|pragma|mypy|ruff)\b|!")


def prose(path: str, source: str) -> list[Sentence]:
    """The sentences of a file in their order; the suffix of the path tells the language."""
    match Path(path).suffix:
        case ".md":
            blocks = _markdown(source)
        case ".sql":
            blocks = _marked(SQL, source, strings=path.startswith("sql/seeds/"))
        case ".proto":
            blocks = _marked(PROTO, source)
        case ".py":
            blocks = _python(source)
        case _:
            blocks = _marked(HASH, source)
    found = (sentence for block in blocks for sentence in sentences(path, block))
    return sorted(found, key=lambda sentence: sentence.line)


def _marked(pattern: re.Pattern[str], source: str, strings: bool = False) -> Iterator[list[Line]]:
    """Blocks of the comments, and of the strings that are read by people; `strings`: all with three words are."""
    run: list[Line] = []
    says = False
    for match in pattern.finditer(source):
        kind, number = match.lastgroup, source.count("\n", 0, match.start()) + 1
        if kind == "comment":
            # A comment after code is a block of its own.
            alone = not source[source.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
            if run and (number != run[-1].number + 1 or not alone):
                yield run
                run = []
            run.append(Line(number, match["comment"].removeprefix(" ")))
            if not alone:
                yield run
                run = []
        elif kind == "block":
            lines = cleandoc(re.sub(r"(?m)^\s*\*+ ?", "", match["block"])).split("\n")
            yield [Line(number + at, line) for at, line in enumerate(lines)]
        elif kind == "says":
            says = True
        elif kind == "end":
            says = False
        elif kind == "quoted" and (says or strings) and len(match["quoted"].split()) > 1:
            lines = [line.strip()[1:-1].replace("''", "'") for line in match["quoted"].split("\n")]
            # A space stands at either side of the line's end.
            yield [Line(number + at, line.strip() or "…") for at, line in enumerate(lines)]
    if run:
        yield run


def _python(source: str) -> Iterator[list[Line]]:
    """Blocks of docstrings, comments, and messages of errors and of the command line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines = cleandoc(node.value.value).split("\n")
            yield [Line(node.lineno + at, line) for at, line in enumerate(lines)]
        elif (said := _message(node)) is not None:
            yield said
    run: list[Line] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        text = token.string.lstrip("#").removeprefix(" ")
        if DIRECTIVE.match(text):
            continue
        number, alone = token.start[0], not token.line[: token.start[1]].strip()
        if run and not (alone and number == run[-1].number + 1):
            yield run
            run = []
        run.append(Line(number, text))
    if run:
        yield run


def _message(node: ast.AST) -> list[Line] | None:
    """The text of `raise Error("…")`, `print("…")`, `sys.exit("…")` or `help="…"`."""
    said: ast.expr | None = None
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
        said = node.exc.args[0]
    elif isinstance(node, ast.Call) and node.args:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        said = node.args[0] if called in ("print", "exit", "error") else None
    elif isinstance(node, ast.keyword) and node.arg in ("help", "description", "epilog"):
        said = node.value
    if said is None:
        return None
    parts = said.values if isinstance(said, ast.JoinedStr) else [said]
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "`…`" for part in parts)
    is_text = isinstance(said, ast.JoinedStr) or (isinstance(said, ast.Constant) and isinstance(said.value, str))
    if not is_text or len(text.split()) < 2:
        return None
    return [Line(said.lineno + at, line) for at, line in enumerate(text.split("\n"))]


def _markdown(source: str) -> Iterator[list[Line]]:
    """Blocks of headings, paragraphs, items and cells; code in them stays in its backquotes."""
    for token in MarkdownIt().enable("table").parse(source):
        if token.type != "inline" or token.map is None:
            continue
        lines = [""]
        for child in token.children or []:
            if child.type in ("softbreak", "hardbreak"):
                lines.append("")
            elif child.type == "code_inline":
                lines[-1] += f"`{child.content}`"
            elif child.type == "text":
                lines[-1] += child.content
        # A line that starts with spaces, a mark or a number is text here: Markdown knows its lists.
        yield [Line(token.map[0] + 1 + at, line.strip()) for at, line in enumerate(lines)]


# The program.


def area_of(path: str) -> str | None:
    """The area that a file of the project belongs to, if any."""
    if EXEMPT.fullmatch(path):
        return None
    return next((area for area, pattern in AREAS.items() if re.fullmatch(pattern, path)), None)


def measure(root: Path, paths: Iterable[str]) -> dict[str, Tally]:
    """The tallies of all areas over some files, named from the root."""
    tallies = {area: Tally() for area in AREAS}
    for path in paths:
        if area := area_of(path):
            for sentence in prose(path, (root / path).read_text()):
                tallies[area].add(sentence)
    return tallies


def files(root: Path, chosen: Sequence[str]) -> list[str]:
    """The files that git knows or would add below some paths, named from the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *chosen]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\n")
    return sorted(path for path in set(listed) if path and (root / path).is_file())


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the rates of all areas; exits with 1 if one is above its limit."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.prose", description="Measures the plain English of the prose."
    )
    parser.add_argument("--list", action="store_true", help="print each find with its file and line")
    parser.add_argument("path", nargs="*", help="files or folders, from the root of the project; all by default")
    options = parser.parse_args(arguments)
    tallies = {area: tally for area, tally in measure(ROOT, files(ROOT, options.path)).items() if tally.words}
    above = {
        (area, kind) for area, tally in tallies.items() for kind, rate in tally.rates().items() if rate > LIMITS[kind]
    }
    if options.list:
        for tally in tallies.values():
            for kind, sentence in tally.finds:
                print(f"{sentence.path}:{sentence.line}: {kind}: {sentence.text}")
    print(
        f"{'prose':8}{'words':>8}{'sentences':>11}   " + "   ".join(f"{kind} (≤ {LIMITS[kind]:g})" for kind in LIMITS)
    )
    for area, tally in tallies.items():
        cells = (
            f"{rate:.1f}{'!' if (area, kind) in above else ' '}".rjust(len(kind) + 8)
            for kind, rate in tally.rates().items()
        )
        print(f"{area:8}{tally.words:8}{tally.sentences:11}   " + "".join(cells))
    if above:
        sys.exit("prose: above the limit; `python -m tools.prose --list` names the sentences")


if __name__ == "__main__":
    main()
