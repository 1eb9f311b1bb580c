"""pgspot, which looks for SQL that a user with CREATE on a schema could turn against the role that runs it."""

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
# function with the owner who created it first. Functions are updated by replacement here. From PostgreSQL 15 on only
# the owner of `public` may create in it, and PostgreSQL refuses to replace another owner's function.
IGNORED = ["PS002"]
# The schema exists already where the runner has made its record in it.
EXPECTED = {"migrations/20261123010000_private_schema.sql": ["PS010: Unsafe schema creation: tenantry"]}

# pgspot does not read a body in standard SQL, which binds its names at creation; the test replaces it by one that
# pgspot reads. A body in standard SQL has no $ but at the end of a pattern in quotes.
STANDARD_BODY = re.compile(
    r"^(?:return (?:[^$]|\$')*?| *return coalesce\(\n[^$]*?|begin atomic\n.*?\nend);$", re.MULTILINE | re.DOTALL
)
UNREAD = "set search_path = pg_catalog, pg_temp as $unread$ select 1 $unread$;"
# It drops the quotes of an argument that has the name of a type.
QUOTED = re.compile(r'"(interval)"')
# Without the catalog it cannot recognize a field of a row variable, either. The pinned search_path satisfies its rules
# for bodies.
NOT_PARSED = ("is not a known variable", "record variable cannot be part of multiple-item INTO list")


def spot(files: list[Path], *options: str) -> dict[str, list[str]]:
    """The findings of pgspot in each file."""
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
