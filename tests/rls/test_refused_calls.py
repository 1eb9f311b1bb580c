"""A refused call waits for nobody and writes nothing: every function asks for the permission before it locks a row.

A function that locks first would let any caller stop an organization, whose id is all that it takes.
"""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from tests.conftest import Connect, Connection
from tests.rls.test_matrix import results
from tests.rls.world import World
from tests.support.ledger import batch, call
from tests.support.postgres import Cluster
from tests.support.rpc import DENIED
from tests.support.rpc_modules import access_rows

CALLERS = ("stranger", "viewer", "member", "billing", "other_owner")
"""Callers who lack a permission in the first organization, or every permission there."""


@pytest.fixture(scope="module")
def all_rows_locked(cluster: Cluster, shared_admin: Connection, shared_database: str) -> Iterator[None]:
    """Another session has locked every row of every table. Time has come for the accounts."""
    shared_admin.execute("update public.organizations set credits_settle_at = now() - interval '1 hour'")
    with psycopg.connect(cluster.conninfo(shared_database), row_factory=dict_row) as locking:
        for row in locking.execute(
            "select oid::regclass::text as name from pg_class"
            " where relkind = 'r' and relnamespace::regnamespace::text in ('public', 'tenantry')"
        ).fetchall():
            locking.execute(sql.SQL("select from {} for update").format(sql.Identifier(*row["name"].split("."))))
        yield
        locking.rollback()


@pytest.mark.usefixtures("all_rows_locked")
@pytest.mark.parametrize(
    "function",
    sorted(name for name, row in access_rows().items() if {row.results[who] for who in CALLERS} & {DENIED, "hidden"}),
)
def test_a_refused_call_waits_for_nobody_and_writes_nothing(
    shared_server: Connection, shared_world: World, function: str
) -> None:
    expected = access_rows()[function].results
    refused = [who for who in CALLERS if expected[who] in (DENIED, "hidden")]
    found = results(
        shared_server,
        shared_world,
        function,
        "set local lock_timeout = '50ms'",
        callers=refused,
        # Tuples that an undone statement wrote are counted, too.
        afterwards="select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::int as written"
        " from pg_stat_xact_all_tables where schemaname in ('public', 'tenantry')",
    )
    assert found == {who: f"{expected[who]} and {{'written': 0}}" for who in refused}


def test_a_batch_of_others_accounts_locks_and_settles_none(connect: Connect, admin: Connection, world: World) -> None:
    call(admin, "grant_credits", organization_id=world.first, amount=7, expires_at="2100-01-01")
    admin.execute("update public.organizations set credits_settle_at = now() - interval '1 hour'")
    server = connect(user="tenantry_server")
    items = [{"organization_id": world.first, "amount": 1}, {"organization_id": world.second, "amount": 1}]
    with world.acting(server, "other_owner"):
        decisions = batch(server, *items)
        assert [decision["code"] for decision in decisions] == ["42501", None]
        # The batch has not ended, and others find the account as it was.
        rows = admin.execute(
            "select id, credits_settle_at < now() as is_due from public.organizations for update skip locked"
        ).fetchall()
        assert rows == [{"id": world.first, "is_due": True}]
