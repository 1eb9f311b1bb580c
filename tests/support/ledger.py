"""Helpers for tests of the ledger, over SQL connections."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakSet

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.json import Jsonb

from tests.conftest import Connection

Row = dict[str, Any]

START = datetime(2030, 1, 1, 12, tzinfo=UTC)
"""The time at which freeze() stops the clock: a Tuesday."""

_registered: WeakSet[Connection] = WeakSet()
# By cluster: its databases are copies of one template, so a type has the same number in all of them.
_infos: dict[str, list[CompositeInfo]] = {}


def call(connection: Connection, function: str, **arguments: Any) -> Row:
    """One row of public.<function>(name => value, …); composite values come as dicts."""
    _register(connection)
    named = ", ".join(f'"{name}" => %({name})s' for name in arguments)
    values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in arguments.items()}
    row = connection.execute(f"select * from public.{function}({named})".encode(), values).fetchone()
    assert row is not None
    return row


def refused(connection: Connection, sqlstate: str, function: str, **arguments: Any) -> Row:
    """The variables of a call's refusal; a call that succeeds, or fails for another reason, fails the test."""
    with pytest.raises(psycopg.Error) as raised, _kept_usable(connection):
        call(connection, function, **arguments)
    assert raised.value.sqlstate == sqlstate, raised.value
    said = raised.value.diag.message_detail or ""
    # PostgreSQL's own errors explain themselves in words.
    detail: Row = json.loads(said) if said.startswith("{") else {}
    return detail


def _kept_usable(connection: Connection) -> AbstractContextManager[object]:
    """A context in which a failure does not abort the caller's transaction."""
    in_transaction = connection.info.transaction_status == TransactionStatus.INTRANS
    return connection.transaction() if in_transaction else nullcontext()


def _register(connection: Connection) -> None:
    if connection in _registered:
        return
    host = connection.info.host
    if host not in _infos:
        # The tables have types, too.
        names = connection.execute(
            "select typname from pg_type where typtype = 'c' and typnamespace = 'public'::regnamespace"
        ).fetchall()
        fetched = [CompositeInfo.fetch(connection, f"public.{row['typname']}") for row in names]
        _infos[host] = [info for info in fetched if info is not None]
    for info in _infos[host]:
        register_composite(info, connection, _maker(info))
    _registered.add(connection)


def _maker(info: CompositeInfo) -> Callable[..., Row]:
    return lambda *values: dict(zip(info.field_names, values, strict=True))


def organization(connection: Connection, credits: int = 0, name: str | None = None) -> UUID:
    """Creates an organization with the given number of credits; returns its id."""
    name = name or f"org-{uuid4()}"
    created: UUID = call(connection, "create_organization", name=name, slug=name.lower())["id"]
    if credits:
        call(connection, "grant_credits", organization_id=created, amount=credits)
    return created


def grant(connection: Connection, organization_id: UUID, amount: int, **arguments: Any) -> Row:
    """Grants credits; returns the entry."""
    entry: Row = call(connection, "grant_credits", organization_id=organization_id, amount=amount, **arguments)[
        "transaction"
    ]
    return entry


def consume(connection: Connection, organization_id: UUID, amount: int, **arguments: Any) -> Row:
    """Consumes credits; returns the entry."""
    return call(connection, "consume_credits", organization_id=organization_id, amount=amount, **arguments)


def hold(connection: Connection, organization_id: UUID, amount: int, **arguments: Any) -> Row:
    """Holds credits; returns the hold."""
    return call(connection, "hold_credits", organization_id=organization_id, amount=amount, **arguments)


def batch(connection: Connection, *items: Any) -> list[Row]:
    """The decisions on a batch; ids may be given as UUID."""
    encoded = json.loads(json.dumps(items, default=str))
    decisions: list[Row] = call(connection, "batch_consume_credits", items=Jsonb(encoded))["decisions"]
    return decisions


def lots(connection: Connection, organization_id: UUID, **arguments: Any) -> list[Row]:
    """The organization's lots, in spending order."""
    found: list[Row] = call(connection, "list_credit_lots", organization_id=organization_id, **arguments)["lots"]
    return found


def remaining(connection: Connection, organization_id: UUID, **arguments: Any) -> list[int]:
    """The remaining credits of the organization's lots, in spending order."""
    return [lot["remaining"] for lot in lots(connection, organization_id, **arguments)]


def allocations(connection: Connection, organization_id: UUID, **arguments: Any) -> list[Row]:
    """All allocations of an entry or a lot."""
    found: list[Row] = call(
        connection, "list_allocations", organization_id=organization_id, page_size=1000, **arguments
    )["allocations"]
    return found


def taken(connection: Connection, organization_id: UUID, entry: Row) -> dict[UUID, int]:
    """The credits that an entry took from each lot (below 0) or gave back to it."""
    found = allocations(connection, organization_id, credit_transaction_id=entry["id"])
    return {allocation["lot_id"]: allocation["amount"] for allocation in found}


def balance(connection: Connection, organization_id: UUID, as_of: datetime | None = None) -> Row:
    """get_credit_balance()."""
    return call(connection, "get_credit_balance", organization_id=organization_id, as_of=as_of)


def findings(connection: Connection, organization_id: UUID | None = None) -> list[Row]:
    """The findings of verify_ledger()."""
    found: list[Row] = call(connection, "verify_ledger", organization_id=organization_id)["findings"]
    return found


def settle(admin: Connection, organization_id: UUID) -> None:
    """Settles the account as any operation on it would."""
    admin.execute("select tenantry.lock_account(%s)", [organization_id])


def events(admin: Connection, organization_id: UUID) -> list[Row]:
    """The organization's events in the outbox, oldest first."""
    return admin.execute(
        "select * from tenantry.events where organization_id = %s order by id", [organization_id]
    ).fetchall()


def freeze(admin: Connection) -> datetime:
    """Stops the ledger's clock of this database at START; move_clock() moves it."""
    move_clock(admin, START)
    return START


def entries(connection: Connection, organization_id: UUID) -> list[Row]:
    """The organization's ledger, oldest entry first."""
    return connection.execute(
        "select * from public.credit_transactions where organization_id = %s order by entry_number", [organization_id]
    ).fetchall()


def assert_ledger_holds(connection: Connection, organization_id: UUID) -> None:
    """Checks the invariants of one ledger. Entry numbers have no gap, the chain of balances is exact, and time never
    runs back. The account equals its last entry, and the lots add up to it after the unallocated consumption."""
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
    assert findings(connection, organization_id) == []


def move_clock(admin: Connection, time: datetime | str) -> None:
    """Sets the ledger's clock of this database: to a time, or forward by an interval such as '+1 day'."""
    found = admin.execute("select to_regclass('test.clock') is not null as is_there").fetchone()
    if not found or not found["is_there"]:
        make_clock_movable(admin)
    if isinstance(time, str):
        admin.execute("update test.clock set now = coalesce(now, clock_timestamp()) + %s::interval", [time])
    else:
        admin.execute("update test.clock set now = %s", [time])


def make_clock_movable(admin: Connection) -> None:
    """Replaces tenantry.clock() by one that runs as before until it is moved; only the owner of the function can do
    so."""
    admin.execute(
        "create schema test;"
        " create table test.clock as select null::timestamptz as now;"
        " grant usage on schema test to public;"
        " grant select on test.clock to public;"
        " create or replace function tenantry.clock() returns timestamptz language sql volatile"
        " return coalesce((select now from test.clock), clock_timestamp())"
    )
