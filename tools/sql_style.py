"""Checks the SQL files for width, white space and the case of keywords, in PL/pgSQL bodies too; part of `make lint`.

sqruff, which checks and formats the rest, takes a body in $$ … $$ for a text.
"""

import re
import sys
from collections.abc import Iterator

from tools.prose import SQL
from tools.stubs import ROOT

FOLDERS = ("api", "functions", "policies", "roles", "seeds", "triggers")
WIDTH = 120
UPPER = re.compile(r"\b[A-Z]{2,}\b")


def findings(source: str) -> Iterator[tuple[int, str]]:
    """The line and a description of each fault."""
    for number, line in enumerate(source.split("\n"), 1):
        if len(line) > WIDTH:
            yield number, f"{len(line)} characters, at most {WIDTH}"
        if line != line.rstrip():
            yield number, "white space at the end"
        if "\t" in line:
            yield number, "a tab"
    # Comments and strings keep their lines, and lose their words.
    code = SQL.sub(lambda match: match[0] if match["says"] or match["end"] else re.sub(r"[^\n]", " ", match[0]), source)
    for word in UPPER.finditer(code):
        yield code.count("\n", 0, word.start()) + 1, f"{word[0]} in upper case"


def main() -> None:
    """Prints the faults of all files; exits with 1 if there is one."""
    faults = [
        f"{path.relative_to(ROOT)}:{number}: {fault}"
        for folder in (*FOLDERS, "migrations", "rollbacks")
        for path in sorted((ROOT / "sql" / folder).rglob("*.sql"))
        for number, fault in findings(path.read_text())
    ]
    print(*faults, sep="\n", end="\n" if faults else "")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
