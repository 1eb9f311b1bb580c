"""The project's own migrations: complete, reversible, and the same with every tool that applies them."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tenantry import migrate, record
from tenantry.sql_files import MigrationError
from tests.support.postgres import Cluster, in_one_version

SQL = Path(__file__).parent.parent.parent / "sql"


@pytest.fixture
def empty(cluster: Cluster) -> str:
    """Connection string of an empty database."""
    cluster.drop_database("empty")
    cluster.create_database("empty", "template0")
    return cluster.conninfo("empty")


def dump(cluster: Cluster) -> str:
    """The database's whole schema; the lines that differ in every dump are left out."""
    done = subprocess.run(
        [cluster.program("pg_dump"), "--schema-only", cluster.conninfo("empty")],
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def test_every_migration_has_a_rollback_of_the_same_name() -> None:
    assert {p.name for p in (SQL / "migrations").iterdir()} == {p.name for p in (SQL / "rollbacks").iterdir()}


def test_up_down_up_gives_the_identical_catalog(cluster: Cluster, empty: str) -> None:
    before = dump(cluster)
    migrate.up(empty)
    first = dump(cluster)
    migrate.down(empty, to="0")
    assert dump(cluster) == before
    migrate.up(empty)
    assert dump(cluster) == first


@in_one_version
def test_every_single_step_down_can_be_taken_and_made_good(cluster: Cluster, empty: str) -> None:
    migrate.up(empty)
    whole = dump(cluster)
    for steps in range(1, len(list((SQL / "migrations").iterdir())) + 1):
        migrate.down(empty, steps=steps)
        migrate.up(empty)
        assert dump(cluster) == whole, f"{steps} steps"


def test_down_and_up_again_keeps_the_data_that_no_taken_migration_holds(empty: str) -> None:
    migrate.up(empty)
    with psycopg.connect(empty, autocommit=True) as conn:
        conn.execute("select public.create_organization('Acme', 'acme')")
        migrate.down(empty)
        migrate.up(empty)
        assert conn.execute("select name from public.organizations").fetchall() == [("Acme",)]


def test_two_at_once_both_succeed(empty: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        applied = list(pool.map(lambda _: migrate.up(empty), range(2)))
    assert sorted(map(bool, applied)) == [False, True]


def test_the_plan_applied_by_psql_gives_what_up_gives(cluster: Cluster, empty: str, tmp_path: Path) -> None:
    migrate.up(empty)
    whole = dump(cluster)
    migrate.down(empty, to="0")
    plan = tmp_path / "plan.sql"
    plan.write_text(migrate.plan(empty))
    subprocess.run(
        [cluster.program("psql"), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", plan, empty],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert dump(cluster) == whole
    assert migrate.up(empty) == []


def test_an_auth_schema_that_is_there_is_left_alone(cluster: Cluster, empty: str) -> None:
    """A database like Supabase's, which keeps accounts in auth.users."""
    with psycopg.connect(empty, autocommit=True) as conn:
        conn.execute("create schema auth; create table auth.users (id uuid primary key, email text)")
        conn.execute("create function auth.uid() returns uuid language sql stable return null::uuid")
        before = dump(cluster)
        migrate.up(empty)
        columns = conn.execute("select attname::text from pg_attribute where attrelid = 'auth.users'::regclass")
        assert {"id", "email"} == {name for (name,) in columns if name in ("id", "email", "raw_app_meta_data")}
        migrate.down(empty, to="0")
        assert dump(cluster) == before


def test_a_database_in_another_encoding_is_refused(cluster: Cluster) -> None:
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute("create database latin encoding 'LATIN1' locale 'C' template template0")
    with pytest.raises(MigrationError, match="needs a database in UTF8, and this one is in LATIN1"):
        migrate.up(cluster.conninfo("latin"))
    cluster.drop_database("latin")


def test_down_keeps_the_tables_policies_and_charges_of_the_user(cluster: Cluster, empty: str) -> None:
    migrate.up(empty)
    with psycopg.connect(empty, autocommit=True) as conn:
        conn.execute("select public.create_credit_event('call', 1, 'compute')")
        conn.execute("create table public.mine (id integer primary key, organization_id uuid, made_by uuid)")
        conn.execute("select public.charge_on_insert('public.mine', 'call', 'organization_id')")
        conn.execute("create policy own on public.mine using (public.has_permission(organization_id, 'x:y'))")
        conn.execute("create policy made on public.mine using (made_by = auth.uid())")
        before = dump(cluster)
        for to in ("20261124010100", "0"):
            with pytest.raises(MigrationError, match="objects of others depend on") as raised:
                migrate.down(empty, to=to)
            assert "trigger tenantry_charge on table public.mine" in str(raised.value)
            assert "policy own on table public.mine" in str(raised.value)
        assert dump(cluster) == before
        conn.execute("select public.stop_charging('public.mine'); drop policy own on public.mine")
        with pytest.raises(MigrationError, match=r"policy made on table public\.mine depends on"):
            migrate.down(empty, to="0")
        conn.execute("drop policy made on public.mine")
        migrate.down(empty, to="0")
        assert conn.execute("select from public.mine").rowcount == 0


def test_every_object_is_recorded(empty: str) -> None:
    migrate.up(empty)
    with psycopg.connect(empty) as conn:
        rows = conn.execute(
            """
            with there as (
                select 'function' as kind, n.nspname || '.' || p.proname as name from pg_proc as p
                join pg_namespace as n on n.oid = p.pronamespace where n.nspname in ('public', 'tenantry')
                union all
                select case c.relkind when 'r' then 'table' when 'v' then 'view' else 'type' end,
                    n.nspname || '.' || c.relname
                from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
                where n.nspname in ('public', 'tenantry') and c.relkind in ('r', 'v', 'c')
                union all
                select 'trigger', t.tgname || ' on ' || n.nspname || '.' || c.relname from pg_trigger as t
                join pg_class as c on c.oid = t.tgrelid join pg_namespace as n on n.oid = c.relnamespace
                where not t.tgisinternal
                union all
                select 'policy', p.polname || ' on ' || n.nspname || '.' || c.relname from pg_policy as p
                join pg_class as c on c.oid = p.polrelid join pg_namespace as n on n.oid = c.relnamespace
                where n.nspname in ('public', 'tenantry')
            )
            (table there except select kind, name from tenantry.installed_objects)
            union all
            (select kind, name from tenantry.installed_objects except table there)
            """
        ).fetchall()
        assert [row for row in rows if row[1].removeprefix("tenantry.") not in (*record.TABLES, "catalog_facts")] == []
