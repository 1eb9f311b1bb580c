"""What policies cost on much data: a page is an index scan, and the policy asks once, not for each row."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Connection
from tests.rls.world import World

ORGANIZATIONS, ENTRIES = 200, 500
BARE = 5000
"""Organizations without a ledger, so that reading all of them would show."""

# Rows as the ledger's functions would leave them, without calling those 100,000 times.
DATA = f"""
set session_replication_role = replica;
insert into public.organizations (name, slug, created_at)
    select 'Organization ' || n, 'o' || n, now() - n * interval '1 minute'
    from generate_series(1, {ORGANIZATIONS + BARE}) as n;
insert into public.credit_transactions
    (organization_id, transaction_type, amount, balance_after, source, entry_number, created_at)
    select o.id, 'earned', 1, e, 'grant', e, now() - e * interval '1 minute'
    from (select id from public.organizations where slug ~ '^o[0-9]' order by slug limit {ORGANIZATIONS}) as o
    cross join generate_series(1, {ENTRIES}) as e;
insert into public.billing_history (organization_id, amount, status, created_at)
    select o.id, 100, 'paid', now() - e * interval '1 day'
    from (select id from public.organizations where slug ~ '^o[0-9]' order by slug limit {ORGANIZATIONS}) as o
    cross join generate_series(1, 100) as e;
insert into public.user_roles (user_id, role_id, organization_id)
    select '{{member}}', r.id, o.id
    from public.roles as r
    cross join (select organization_id as id from public.billing_history group by 1 order by 1 limit 3) as o
    where r.name = 'owner';
insert into public.user_roles (user_id, role_id, organization_id)
    select gen_random_uuid(), r.id, o.id from public.organizations as o join public.roles as r on r.name = 'member';
reset session_replication_role;
analyze;
"""

# A client's first page: the query, and the most blocks that it may touch.
PAGES = {
    "ledger": (
        "select * from public.credit_transactions where organization_id = '{one}' order by entry_number desc",
        150,
    ),
    "ledger of all": ("select * from public.credit_transactions order by organization_id, entry_number desc", 150),
    "organizations": ("select * from public.organizations order by created_at, id", 150),
    "organization by slug": ("select * from public.organizations where slug = '{slug}'", 150),
    "billing history": (
        "select * from public.billing_history where organization_id = '{one}' order by created_at desc, id desc",
        150,
    ),
    "billing history of all": ("select * from public.billing_history order by created_at desc, id desc", 400),
    "members": ("select * from public.user_roles where organization_id = '{one}'", 150),
}
BIG = {"user_roles", "credit_transactions", "billing_history", "organizations"}


@pytest.fixture(scope="module")
def much(shared_admin: Connection, shared_world: World) -> World:
    """The cast, of whom `stranger` owns three of many organizations."""
    shared_admin.execute(DATA.format(member=shared_world.users["stranger"]).encode())
    return shared_world


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _plan(connection: Connection, query: str) -> dict[str, Any]:
    # Once before, so that catalogs and plans are in memory, and only the page itself is counted.
    connection.execute(query.encode())
    row = connection.execute(f"explain (analyze, buffers, format json) {query}".encode()).fetchone()
    assert row
    found = row["QUERY PLAN"]
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


@pytest.mark.parametrize("page", PAGES)
def test_a_members_first_page_is_an_index_scan_with_the_policy_asked_once(
    shared_admin: Connection, shared_server: Connection, much: World, page: str
) -> None:
    row = shared_admin.execute(
        "select o.id as one, o.slug"
        " from public.user_roles as ur join public.organizations as o on o.id = ur.organization_id"
        " where ur.user_id = %s limit 1",
        [much.users["stranger"]],
    ).fetchone()
    assert row
    query, blocks = PAGES[page]
    with much.acting(shared_server, "stranger") as connection:
        plan = _plan(connection, query.format(**row) + " limit 51")
    nodes = list(_nodes(plan))
    assert [
        node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG
    ] == []
    assert [node["Node Type"] for node in nodes if "Index" in node["Node Type"]]
    # An InitPlan runs once; a SubPlan would run for each row.
    assert [node for node in nodes if node.get("Parent Relationship") == "SubPlan"] == []
    policies = [node for node in nodes if node.get("Parent Relationship") == "InitPlan"]
    assert policies
    assert {node["Actual Loops"] for node in policies} <= {0, 1}
    assert plan["Actual Rows"] >= 1
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= blocks


def test_a_policy_that_asks_for_each_row_would_be_seen(shared_admin: Connection, much: World) -> None:
    """The test's own test: a policy as people write it at first."""
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
            [json.dumps(much.claims("stranger"))],
        )
        plan = _plan(shared_admin, "select * from public.billing_history order by created_at desc, id desc limit 51")
    finally:
        shared_admin.execute("rollback")
    assert "Seq Scan" in {node["Node Type"] for node in _nodes(plan)}
    assert plan["Shared Hit Blocks"] > 10_000
