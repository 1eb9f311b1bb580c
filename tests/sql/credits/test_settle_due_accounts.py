"""tenantry.settle_due_accounts: settles the due accounts, beside other sessions that do the same."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.support.ledger import assert_ledger_holds, entries, freeze, grant, hold, move_clock, organization

HOUR = timedelta(hours=1)


def maintain(connection: Connection, limit: int | None = None) -> int:
    arguments = "" if limit is None else str(limit)
    row = connection.execute(f"select tenantry.settle_due_accounts({arguments}) as n".encode()).fetchone()
    assert row is not None
    return int(row["n"])


def due(service: Connection, admin: Connection, count: int) -> list[UUID]:
    """Organizations with something due."""
    now = freeze(admin)
    made = []
    for _ in range(count):
        acme = organization(service, 5)
        grant(service, acme, 10, expires_at=now + HOUR)
        hold(service, acme, 2, time_to_live=HOUR)
        made.append(acme)
    move_clock(admin, "+2 hours")
    return made


def raw_balance(admin: Connection, organization_id: UUID) -> int:
    row = admin.execute("select credit_balance as n from public.organizations where id = %s", [organization_id])
    found = row.fetchone()
    assert found is not None
    return int(found["n"])


def test_due_accounts_are_settled_and_then_there_is_nothing_to_do(service: Connection, admin: Connection) -> None:
    made = due(service, admin, 3)
    idle = organization(service, 5)
    assert [raw_balance(admin, acme) for acme in made] == [15, 15, 15]
    assert maintain(service) == 3
    assert [raw_balance(admin, acme) for acme in made] == [5, 5, 5]
    assert maintain(service) == 0
    assert [len(entries(admin, acme)) for acme in (*made, idle)] == [3, 3, 3, 1]
    for acme in made:
        assert_ledger_holds(admin, acme)


def test_it_takes_no_more_than_its_limit_at_a_time(service: Connection, admin: Connection) -> None:
    due(service, admin, 5)
    assert [maintain(service, 2) for _ in range(4)] == [2, 2, 1, 0]


def test_it_passes_over_what_another_session_has_locked(service: Connection, admin: Connection) -> None:
    made = due(service, admin, 4)
    admin.execute("begin")
    assert maintain(admin, 2) == 2
    service.execute("set lock_timeout = '2s'")
    assert maintain(service) == 2
    admin.execute("commit")
    assert maintain(service) == 0
    for acme in made:
        assert_ledger_holds(admin, acme)


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_it_is_not_for_users(connect: Connect, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        maintain(connect(role))
