"""is_uuid: the one pattern of a UUID, for functions and for names that must not look like an id."""

import re
from pathlib import Path

import pytest

from tests.conftest import Connection

SQL = Path(__file__).parents[3] / "sql"
ID = "0190a3c2-7d5e-7a31-9f40-5b1c2d3e4f50"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ID, True),
        (ID.upper(), True),
        (ID.replace("-", ""), False),
        (f"{{{ID}}}", False),
        (f"{ID}\n", False),
        (f" {ID}", False),
        (ID[:-1], False),
        (ID[:-1] + "g", False),
        ("", False),
        (None, None),
    ],
)
def test_a_uuid_has_32_hexadecimal_digits_and_four_hyphens(
    admin: Connection, text: str | None, expected: bool | None
) -> None:
    row = admin.execute("select tenantry.is_uuid(%s) as answer", [text]).fetchone()
    assert row == {"answer": expected}


def test_the_pattern_becomes_part_of_the_query_that_asks(admin: Connection) -> None:
    plan = admin.execute("explain (verbose) select tenantry.is_uuid(o.name) from public.organizations as o").fetchall()
    assert "is_uuid" not in str(plan)


def test_the_catalog_checks_names_against_the_same_pattern() -> None:
    pattern = re.search(r"'(\^.*\$)'", (SQL / "functions/core/is_uuid.sql").read_text())
    assert pattern
    catalog = (SQL / "migrations/20261123010400_catalog.sql").read_text()
    assert catalog.count(f"name !~ '{pattern[1]}'") == 3
    assert catalog.count("0-9a-f") == 3 * pattern[1].count("0-9a-f")
