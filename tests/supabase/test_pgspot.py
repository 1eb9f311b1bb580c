"""pgspot, which looks for SQL that somebody with CREATE on a schema could turn against who runs it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SQL = Path(__file__).parents[2] / "sql"
PGSPOT = Path(sys.executable).parent / "pgspot"

# Everything runs with an empty search_path, in which functions and operators are PostgreSQL's own. pgspot knows this
# spelling of it.
PREAMBLE = "set local search_path = pg_catalog, pg_temp;\n"

# PS002 is about scripts that a superuser runs in a schema where others may create: `create or replace` would leave the
# function to whoever made it first. Replacing is how functions are kept up to date here; from PostgreSQL 15 nobody but
# its owner may create in `public`, and PostgreSQL refuses to replace what belongs to somebody else.
IGNORED = ["PS002"]
# The schema exists already where the runner has made its record in it.
EXPECTED = {"migrations/20261123010000_roles.sql": ["PS010: Unsafe schema creation: tenantry"]}

# pgspot does not read a body in standard SQL, whose names are bound when it is made; one that is read takes its place.
# Such a body has no $ but at the end of a pattern in quotes.
STANDARD_BODY = re.compile(
    r"^(?:return (?:[^$]|\$')*?| *return coalesce\(\n[^$]*?|begin atomic\n.*?\nend);$", re.MULTILINE | re.DOTALL
)
UNREAD = "set search_path = pg_catalog, pg_temp as $unread$ select 1 $unread$;"
# It loses the quotes of an argument that is named like a type.
QUOTED = re.compile(r'"(interval)"')
# Nor can it tell a field of a row variable without the catalog. Its rules for bodies are met by the pinned search_path.
NOT_PARSED = ("is not a known variable", "record variable cannot be part of multiple-item INTO list")


def spot(files: list[Path], *options: str) -> dict[str, list[str]]:
    """What pgspot says of each file."""
    done = subprocess.run(
        [PGSPOT, *(f"--ignore={code}" for code in IGNORED), *options, *files],
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in done.stdout.splitlines():
        if line.endswith(".sql: "):
            lines = found.setdefault(line[:-2], [])
        elif line.strip() and not line.startswith((" Errors:", "TOTAL:")):
            lines.append(line.strip())
    assert found.keys() == {str(file) for file in files}, done.stdout + done.stderr
    return found


def test_pgspot_finds_nothing_but_what_is_explained(tmp_path: Path) -> None:
    if not PGSPOT.exists():
        pytest.skip("pgspot is not installed")
    names = {}
    for file in sorted(SQL.rglob("*.sql")):
        name = file.relative_to(SQL).as_posix()
        copy = tmp_path / name.replace("/", "-")
        copy.write_text(PREAMBLE + STANDARD_BODY.sub(UNREAD, QUOTED.sub(r"\1_", file.read_text())))
        names[str(copy)] = name
    found = spot([Path(copy) for copy in names])
    again = [Path(copy) for copy, lines in found.items() if any(line.endswith(NOT_PARSED) for line in lines)]
    found |= spot(again, "--no-plpgsql")
    told = {names[copy]: [re.sub(r" at line \d+$", "", line) for line in lines] for copy, lines in found.items()}
    assert {name: lines for name, lines in told.items() if lines} == EXPECTED
