"""The project's own migrations: complete, reversible, and the same with every tool that applies them."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tenantry import migrate
from tests.support.postgres import Cluster

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
    with pytest.raises(migrate.MigrationError, match="needs a database in UTF8, and this one is in LATIN1"):
        migrate.up(cluster.conninfo("latin"))
    cluster.drop_database("latin")
