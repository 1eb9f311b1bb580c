"""page_length: a page ends before it has too many bytes."""

import re

import pytest

from tests.conftest import Connection
from tests.support.rpc_modules import ROOT

LISTS = sorted(path for path in (ROOT / "sql/api").glob("*/*.sql") if "next_page_token :=" in path.read_text())


@pytest.mark.parametrize(
    ("rows", "size", "length"),
    [
        ("array[]::text[]", 10, 10),
        ("array_fill('x'::text, array[11])", 10, 10),
        ("array_fill(repeat('x', 1000), array[11])", 10, 10),
        ("array_fill(repeat('x', 1000), array[1001])", 1000, 1000),
        ("array_fill(repeat('x', 100000), array[1001])", 1000, 10),
        ("array_fill(repeat('x', 3000000), array[5])", 4, 1),
        ("array[repeat('x', 3000000), 'x', 'x']", 2, 1),
        ("array['x', repeat('x', 3000000), 'x']", 2, 1),
    ],
)
def test_a_page_has_at_most_a_mebibyte_and_at_least_one_row(
    admin: Connection, rows: str, size: int, length: int
) -> None:
    answer = admin.execute(f"select tenantry.page_length({rows}, {size}) as length".encode()).fetchone()
    assert answer == {"length": length}


def test_every_list_has_pages_of_that_length() -> None:
    assert len(LISTS) >= 19
    for path in LISTS:
        assert re.search(
            r"v_size := tenantry.page_length\((\w+), v_size\);\n    if cardinality\(\1\)", path.read_text()
        ), path
