"""Direct SQL, as every role that a client can have: nothing bypasses the ledger's functions."""

import psycopg
import pytest

from tests.conftest import Connect, Connection
from tests.rls.world import World
from tests.support.ledger import assert_ledger_holds, entries, organization

ROLES = ["anon", "authenticated", "service_role"]

ATTEMPTS = [
    "update public.organizations set credit_balance = 1000000",
    "update public.organizations set credits_reserved = 0",
    "update public.organizations set credits_settle_at = null",
    "update public.organizations set credits_entry_number = 0",
    "insert into public.organizations (name, slug, credit_balance) values ('Rich', 'rich', 1000000)",
    "truncate public.organizations cascade",
    "insert into public.credit_transactions"
    " (organization_id, transaction_type, amount, balance_after, source, entry_number)"
    " select id, 'earned', 1, 1, 'theft', 99 from public.organizations",
    "update public.credit_transactions set amount = amount * 2",
    "delete from public.credit_transactions",
    "truncate public.credit_transactions",
    "copy public.credit_transactions from stdin",
    "select * from tenantry.credit_lots",
    "update tenantry.credit_lots set remaining = amount",
    "update tenantry.pending_grants set amount = amount * 2",
    "delete from tenantry.requests",
    "delete from tenantry.credit_allocations",
    "update tenantry.credit_holds set remaining = 0",
    "select * from tenantry.schema_migrations",
    "select tenantry.append_consumption(t) from public.credit_transactions as t",
    "select tenantry.append_entry(null, now())",
    "select tenantry.settle_account(o) from public.organizations as o",
    "select tenantry.apply_due((select id from public.organizations limit 1), 'infinity')",
    "select tenantry.expire_lots((select id from public.organizations limit 1), now(), 0)",
    "select tenantry.uuid_v7()",
    "create or replace function tenantry.clock() returns timestamptz language sql as 'select now()'",
    "create table tenantry.mine ()",
    "create function tenantry.mine() returns int language sql as 'select 1'",
    "alter table public.credit_transactions disable trigger all",
    "alter table public.organizations disable row level security",
    "drop trigger protect_ledger on public.credit_transactions",
    "set session_replication_role = replica",
    "insert into public.organization_subscriptions (organization_id, stripe_customer_id, status)"
    " select id, 'cus', 'active' from public.organizations",
    "update public.billing_history set status = 'paid'",
]


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("role", ROLES)
def test_direct_sql_cannot_get_round_the_ledger(
    shared_admin: Connection, shared_world: World, role: str, attempt: str
) -> None:
    acme = shared_world.first
    before = entries(shared_admin, acme)
    with shared_admin.transaction(force_rollback=True):
        shared_admin.execute(f"set local role {role}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            shared_admin.execute(attempt.encode())
    assert entries(shared_admin, acme) == before
    assert_ledger_holds(shared_admin, acme)


@pytest.mark.parametrize("operation", ["update", "delete", "truncate"])
def test_not_even_the_owner_changes_an_entry(admin: Connection, operation: str) -> None:
    organization(admin, 10)
    statement = {
        "update": "update public.credit_transactions set description = 'changed'",
        "delete": "delete from public.credit_transactions",
        "truncate": "truncate public.credit_transactions cascade",
    }[operation]
    with pytest.raises(psycopg.Error) as refused:
        admin.execute(statement.encode())
    assert refused.value.sqlstate == "TN015"


SHARED = {"permissions", "roles", "role_permissions"}
"""The tables that every signed-in user may read: the roles of all organizations and their permissions."""


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_without_a_role_nothing_can_be_changed_and_nothing_of_an_organization_read(
    connect: Connect, admin: Connection, role: str
) -> None:
    organization(admin, 10)
    connection = connect(role)
    tables = admin.execute(
        "select relnamespace::regnamespace::text as schema, relname::text as name from pg_class"
        " where relkind = 'r' and relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)"
    ).fetchall()
    for table in tables:
        name = f"{table['schema']}.{table['name']}"
        for command in ("delete from {}", "truncate {}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(command.format(name).encode())
        read = f"select * from {name}".encode()
        if table["schema"] == "tenantry" or (
            role == "anon" and table["name"] not in ("subscription_plans", "credit_products")
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(read)
        elif table["name"] not in SHARED:
            assert connection.execute(read).fetchall() == [], name


def test_functions_of_the_private_schema_are_called_by_nobody_but_through_the_public_ones(scratch: Connection) -> None:
    """The functions in schema tenantry that PUBLIC or anon may execute are harmless on purpose: this is the list."""
    rows = scratch.execute(
        """
        select proname::text as name from pg_proc
        where pronamespace = 'tenantry'::regnamespace and has_function_privilege('anon', oid, 'execute')
        """
    ).fetchall()
    assert {row["name"] for row in rows} == {
        "authorize",
        "caller_role",
        "decode_page_token",
        "encode_page_token",
        "error_reason",
        "fail",
        "fail_invalid",
        "fail_not_found",
        "is_authorized",
        "page_length",
        "resolve_page_size",
    }


def test_every_definer_function_pins_its_search_path(scratch: Connection) -> None:
    rows = scratch.execute(
        """
        select oid::regprocedure::text as name from pg_proc
        where pronamespace in ('public'::regnamespace, 'tenantry'::regnamespace) and prosecdef
          and not 'search_path=pg_catalog, pg_temp' = any (coalesce(proconfig, '{}'))
        """
    ).fetchall()
    assert rows == []


def test_no_definer_function_stands_in_public(scratch: Connection) -> None:
    rows = scratch.execute(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
    ).fetchall()
    assert rows == []


def test_the_servers_own_role_can_do_nothing_by_itself(connect: Connect, admin: Connection) -> None:
    organization(admin, 10)
    connection = connect(user="tenantry_server")
    for attempt in ("select * from public.organizations", "select public.list_organizations()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(attempt.encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("set role postgres")
    connection.execute("set role service_role")
    assert connection.execute("select count(*) as n from public.organizations").fetchone() == {"n": 1}
