"""The cost of policies on much data: a page is an index scan, and the policy runs once, not for each row.

The tests read a million entries in ten thousand organizations from the tables, as PostgREST does, and through the
functions; auto_explain reports the plans inside the functions.
"""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import PEOPLED, Connection
from tests.rls.world import World
from tests.support.plans import nodes, told_plans
from tests.support.postgres import Cluster

ORGANIZATIONS, ENTRIES, BILLS = 10_000, 100, 10
"""Number of organizations, and of rows in each: enough for a first page and one row more."""

# The rows look as if the ledger's functions had written them, without a million calls: no triggers fire, and the
# indexes are built at the end. The rows have the order in which they would come: those of one organization lie far
# apart.
DATA = f"""
set session_replication_role = replica;
set maintenance_work_mem = '256MB';
insert into public.organizations (name, slug, created_at)
    select 'Organization ' || n, 'o' || n, now() - n * interval '1 minute'
    from generate_series(1, {ORGANIZATIONS}) as n;
create temporary table tenants as select id, slug from public.organizations where slug ~ '^o[0-9]';
update pg_index set indisready = false where indrelid = 'public.credit_transactions'::regclass;
insert into public.credit_transactions
    (organization_id, transaction_type, amount, balance_after, source, entry_number, created_at)
    select t.id, case e when 1 then 'earned' else 'consumed' end, case e when 1 then {ENTRIES} else -1 end,
        {ENTRIES} + 1 - e, 'test', e, now() + (e - {ENTRIES}) * interval '1 minute'
    from generate_series(1, {ENTRIES}) as e cross join tenants as t;
update pg_index set indisready = true where indrelid = 'public.credit_transactions'::regclass;
reindex table public.credit_transactions;
update public.organizations as o
    set credit_balance = 1, credits_entry_number = {ENTRIES}, credits_entry_at = now()
    from tenants as t where t.id = o.id;
insert into public.billing_history (organization_id, amount, status, created_at)
    select t.id, 100, 'paid', now() - e * interval '1 day'
    from generate_series(1, {BILLS}) as e cross join tenants as t;
insert into public.user_roles (user_id, role_id, organization_id)
    select '{{member}}', r.id, t.id
    from public.roles as r cross join tenants as t
    where r.name = 'owner' and t.slug in ('o17', 'o1700', 'o9999');
insert into public.user_roles (user_id, role_id, organization_id)
    select gen_random_uuid(), r.id, t.id from tenants as t join public.roles as r on r.name = 'member';
reset session_replication_role;
vacuum analyze;
"""

MOST_BLOCKS = 400
"""The number of blocks that a page may touch; the ledger has some 20,000, and the indexes as many."""

# A client's first page.
PAGES = {
    "ledger": "select * from public.credit_transactions where organization_id = '{one}' order by entry_number desc",
    "ledger of all": "select * from public.credit_transactions order by organization_id, entry_number desc",
    "organizations": "select * from public.organizations order by created_at, id",
    "organization by slug": "select * from public.organizations where slug = '{slug}'",
    "billing history": "select * from public.billing_history where organization_id = '{one}'"
    " order by created_at desc, id desc",
    "billing history of all": "select * from public.billing_history order by created_at desc, id desc",
    "members": "select * from public.user_roles where organization_id = '{one}'",
}
# The same pages by the functions, with the table of each page.
LISTINGS = {
    "list_credit_transactions": ("credit_transactions", "organization_id => '{one}'"),
    "list_organizations": ("organizations", ""),
    "list_billing_records": ("billing_history", "organization_id => '{one}'"),
    "list_user_organizations": ("organizations", ""),
    "list_role_assignments": ("user_roles", "organization_id => '{one}'"),
    "list_members": ("user_roles", "organization_id => '{one}'"),
}
BIG = {"user_roles", "credit_transactions", "billing_history", "organizations"}


@pytest.fixture(scope="module")
def shared_database(cluster: Cluster, peopled: World) -> Iterator[str]:
    """Name of the database with the many rows; `stranger` owns three of its organizations."""
    cluster.create_database("much", PEOPLED)
    with psycopg.connect(cluster.conninfo("much"), autocommit=True) as connection:
        for statement in DATA.format(member=peopled.users["stranger"]).split(";\n"):
            connection.execute(statement.encode())
    yield "much"
    cluster.drop_database("much")


@pytest.fixture(scope="module")
def one(shared_admin: Connection) -> dict[str, Any]:
    """One of the organizations of `stranger`: its id as `one`, and its slug."""
    row = shared_admin.execute("select id as one, slug from public.organizations where slug = 'o1700'").fetchone()
    assert row
    return row


def _plan(connection: Connection, query: str) -> dict[str, Any]:
    # A first run loads catalogs and plans into memory, and the count then covers only the page itself.
    connection.execute(query.encode())
    row = connection.execute(f"explain (analyze, buffers, format json) {query}".encode()).fetchone()
    assert row
    found = row["QUERY PLAN"]
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def _check(plan: dict[str, Any], table: str) -> None:
    """The plan reads the table by an index, reads no big table as a whole, and runs the policy at most once."""
    every = list(nodes(plan))
    assert [node["Relation Name"] for node in every if node["Node Type"] == "Seq Scan" and _is_big(node)] == []
    assert [node for node in every if "Index" in node["Node Type"] and node.get("Relation Name") == table] or [
        node for node in every if node["Node Type"] == "Bitmap Heap Scan" and node["Relation Name"] == table
    ]
    # PostgreSQL runs an InitPlan once; a SubPlan would run for each row.
    assert [node for node in every if node.get("Parent Relationship") == "SubPlan"] == []
    policies = [node for node in every if node.get("Parent Relationship") == "InitPlan"]
    assert {node["Actual Loops"] for node in policies} <= {0, 1}


def _is_big(node: dict[str, Any]) -> bool:
    return node["Relation Name"] in BIG


@pytest.mark.parametrize("page", PAGES)
def test_a_members_first_page_is_an_index_scan_with_the_policy_asked_once(
    shared_server: Connection, shared_world: World, one: dict[str, Any], page: str
) -> None:
    query = PAGES[page]
    with shared_world.acting(shared_server, "stranger") as connection:
        plan = _plan(connection, query.format(**one) + " limit 51")
    _check(plan, query.partition("public.")[2].split()[0])
    assert [node for node in nodes(plan) if node.get("Parent Relationship") == "InitPlan"]
    assert plan["Actual Rows"] >= 1
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= MOST_BLOCKS


@pytest.mark.parametrize("function", LISTINGS)
def test_a_listing_is_an_index_scan_with_the_policy_asked_once(
    cluster: Cluster, shared_database: str, shared_world: World, one: dict[str, Any], function: str
) -> None:
    table, arguments = LISTINGS[function]
    call = f"select * from public.{function}({arguments.format(**one)})".encode()
    with psycopg.connect(cluster.conninfo(shared_database), autocommit=True, row_factory=dict_row) as connection:
        with shared_world.acting(connection, "stranger"):
            connection.execute(call)
        with told_plans(connection) as plans, shared_world.acting(connection, "stranger"):
            assert connection.execute(call).fetchone()
    pages = [plan for plan in plans if f"public.{table} as" in plan["Query Text"] and "array_agg" in plan["Query Text"]]
    assert len(pages) == 1
    _check(pages[0]["Plan"], table)
    # The function's other statements read no big table as a whole either, and the whole call touches few blocks.
    assert [
        node for plan in plans for node in nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan" and _is_big(node)
    ] == []
    whole = next(
        plan["Plan"] for plan in plans if function in plan["Query Text"] and "array_agg" not in plan["Query Text"]
    )
    assert whole["Shared Hit Blocks"] + whole["Shared Read Blocks"] <= MOST_BLOCKS


def test_a_policy_that_asks_for_each_row_would_be_seen(shared_admin: Connection, shared_world: World) -> None:
    """A check of the test: a policy in the form that people write at first."""
    shared_admin.execute(
        """
        begin;
        drop policy members_read on public.billing_history;
        create policy members_read on public.billing_history for select to authenticated
        using (public.has_permission(organization_id, 'billing:read'));
        """
    )
    try:
        shared_admin.execute(
            "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)",
            [json.dumps(shared_world.claims("stranger"))],
        )
        plan = _plan(shared_admin, "select * from public.billing_history where created_at > now() - interval '2 days'")
    finally:
        shared_admin.execute("rollback")
    assert plan["Shared Hit Blocks"] > 10_000
