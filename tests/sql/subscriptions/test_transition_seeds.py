"""The allowed changes of status are data: the seed files decide which rows there are."""

from pathlib import Path

import pytest

from tests.conftest import Connection
from tests.support.ledger import Row

SEEDS = Path(__file__).parents[3] / "sql" / "seeds"
TABLES = ["tenantry.subscription_transitions", "tenantry.billing_transitions"]


def seed(admin: Connection, table: str) -> None:
    admin.execute((SEEDS / f"{table.removeprefix('tenantry.')}.sql").read_bytes())


def rows(admin: Connection, table: str) -> list[Row]:
    """The rows with the transactions that wrote them."""
    return admin.execute(
        f"select xmin::text, t.* from {table} as t order by from_status, to_status".encode()
    ).fetchall()


@pytest.mark.parametrize("table", TABLES)
def test_applied_again_they_change_nothing(admin: Connection, table: str) -> None:
    before = rows(admin, table)
    assert before
    seed(admin, table)
    assert rows(admin, table) == before


@pytest.mark.parametrize("table", TABLES)
def test_they_restore_every_row_and_remove_every_other(admin: Connection, table: str) -> None:
    before = rows(admin, table)
    for change in (
        "update {} set stripe_only = not stripe_only, meaning = 'mine' where from_status = 'new'",
        "delete from {} where from_status <> 'new'",
        "insert into {} values ('new', 'mine', false, 'mine')",
    ):
        admin.execute(change.format(table).encode())
    seed(admin, table)
    assert [row | {"xmin": 0} for row in rows(admin, table)] == [row | {"xmin": 0} for row in before]
