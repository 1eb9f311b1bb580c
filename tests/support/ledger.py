"""Short ways to say what tests of the ledger do, over SQL connections."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from tests.conftest import Connection

Row = dict[str, Any]


def call(connection: Connection, function: str, **arguments: Any) -> Row:
    """One row of public.<function>(name => value, …)."""
    named = ", ".join(f'"{name}" => %({name})s' for name in arguments)
    row = connection.execute(f"select * from public.{function}({named})".encode(), arguments).fetchone()
    assert row is not None
    return row


def organization(connection: Connection, credits: int = 0, name: str | None = None) -> UUID:
    """Id of a new organization with that many credits."""
    name = name or f"org-{uuid4()}"
    created: UUID = call(connection, "create_organization", name=name, slug=name.lower())["id"]
    if credits:
        call(connection, "grant_credits", organization_id=created, amount=credits)
    return created


def entries(connection: Connection, organization_id: UUID) -> list[Row]:
    """The organization's ledger, oldest entry first."""
    return connection.execute(
        "select * from public.credit_transactions where organization_id = %s order by entry_number", [organization_id]
    ).fetchall()


def assert_ledger_holds(connection: Connection, organization_id: UUID) -> None:
    """The invariants of one ledger: numbers without gap, an exact chain of balances, time that never runs back, an
    account equal to its last entry, and lots that add up to it once what is not allocated yet is taken off."""
    ledger = entries(connection, organization_id)
    balance, time = 0, datetime.min.replace(tzinfo=ledger[0]["created_at"].tzinfo) if ledger else None
    for number, entry in enumerate(ledger, 1):
        assert entry["entry_number"] == number
        balance += entry["amount"]
        assert entry["balance_after"] == balance >= 0
        assert time is not None
        assert entry["created_at"] >= time
        time = entry["created_at"]
    account = connection.execute("select * from public.organizations where id = %s", [organization_id]).fetchone()
    assert account is not None
    assert (account["credit_balance"], account["credits_entry_number"]) == (balance, len(ledger))
    lots = connection.execute(
        "select coalesce(sum(remaining), 0) as total from tenantry.credit_lots"
        " where organization_id = %s and entry_number is not null",
        [organization_id],
    ).fetchone()
    assert lots is not None
    unallocated = sum(e["amount"] for e in ledger if e["entry_number"] > account["credits_settled_entry"])
    assert lots["total"] + unallocated == balance


def move_clock(admin: Connection, time: datetime | str) -> None:
    """Sets the ledger's clock of this database: to a time, or by an interval such as '+1 day' from where it stands.

    Replaces tenantry.clock(), which only its owner can.
    """
    admin.execute("create schema if not exists test")
    admin.execute("create table if not exists test.clock (now timestamptz not null)")
    admin.execute("grant usage on schema test to public")
    admin.execute("grant select on test.clock to public")
    if admin.execute("select now from test.clock").fetchone() is None:
        admin.execute("insert into test.clock select tenantry.clock()")
        admin.execute(
            "create or replace function tenantry.clock() returns timestamptz language sql volatile"
            " return (select now from test.clock)"
        )
    if isinstance(time, str):
        admin.execute("update test.clock set now = now + %s::interval", [time])
    else:
        admin.execute("update test.clock set now = %s", [time])
