"""The ways to the schema beside `up`: one file for psql, roles of an administrator, and files applied by hand."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tenantry import baseline, doctor, migrate
from tenantry.sql_files import MigrationError, read_tree
from tests.support import supabase
from tests.support.command import run
from tests.support.postgres import Cluster, Installation, in_one_version, installations

RECORDS = """
select 'migration', name, checksum from tenantry.schema_migrations
union all select 'repeatable', path, checksum from tenantry.repeatable_migrations
union all select kind, name, path from tenantry.installed_objects
union all select kind || ' ' || aspect, name, object || ' ' || value from tenantry.catalog_record
order by 1, 2
"""


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[str]:
    """Connection string of an empty database."""
    cluster.create_database("other_way", "template0")
    yield cluster.conninfo("other_way")
    cluster.drop_database("other_way")


def psql(cluster: Cluster, conninfo: str, file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    settings = ["-X", "-q", "-v", "ON_ERROR_STOP=1"]
    command: list[str | Path] = [cluster.program("psql"), *settings, *options, "-f", file, conninfo]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def dump(cluster: Cluster, conninfo: str) -> list[str]:
    """The schema, without the lines that differ in every dump."""
    command: list[str | Path] = [cluster.program("pg_dump"), "--schema-only", conninfo]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sorted(line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def records(conninfo: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(RECORDS).fetchall()


def execute(conninfo: str, statements: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statements.encode())


def apply_by_hand(conninfo: str) -> None:
    """Applies each file by itself, as a loop over `psql -1 -f` does."""
    tree = read_tree(None)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("set check_function_bodies = off")
        for file in [*(migration.file for migration in tree.migrations), *tree.repeatables]:
            connection.execute(file.content)


def assert_is_as_after_up(cluster: Cluster, database: str, conninfo: str) -> None:
    """`database` is a migrated one."""
    assert {file.state for file in migrate.status(conninfo)} == {"applied"}
    assert migrate.up(conninfo) == []
    assert doctor.examine(conninfo) == []
    assert records(conninfo) == records(cluster.conninfo(database))
    assert dump(cluster, conninfo) == dump(cluster, cluster.conninfo(database))


def test_the_bundle_does_what_up_does(cluster: Cluster, database: str, empty: str, tmp_path: Path) -> None:
    bundle = tmp_path / "tenantry.sql"
    bundle.write_text(migrate.bundle())
    done = psql(cluster, empty, bundle)
    assert "this file needs one transaction: psql -1 -v ON_ERROR_STOP=1 -f" in done.stderr
    assert done.returncode == 3
    done = psql(cluster, empty, bundle, "-1")
    assert done.returncode == 0, done.stderr
    assert_is_as_after_up(cluster, database, empty)
    done = psql(cluster, empty, bundle, "-1")
    assert "this database has Tenantry already: run `tenantry migrate up`" in done.stderr
    assert records(empty) == records(cluster.conninfo(database))


@in_one_version
def test_the_commands_print_the_files(cluster: Cluster) -> None:
    del cluster
    command: list[str | Path] = [Path(sys.executable).parent / "tenantry", "migrate", "bundle"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == migrate.bundle()
    assert run("migrate", "roles").stdout == migrate.roles()


def test_the_baseline_of_files_that_were_applied_by_hand(cluster: Cluster, database: str, empty: str) -> None:
    apply_by_hand(empty)
    execute(
        empty,
        "alter table public.organizations add column mine text; create table public.mine (id integer);"
        " delete from public.role_permissions",
    )
    done = run("migrate", "baseline", DATABASE_URL=empty)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"recorded {len(migrate.status(empty))} files\n"
    with psycopg.connect(empty) as connection:
        assert connection.execute("select from public.role_permissions").rowcount > 0, "seeds are applied"
    execute(empty, "alter table public.organizations drop column mine; drop table public.mine")
    assert_is_as_after_up(cluster, database, empty)
    with pytest.raises(MigrationError, match="this database has a record already: run `tenantry doctor`"):
        baseline.take_over(empty)
    assert reference_databases(cluster) == []


def reference_databases(cluster: Cluster) -> list[tuple[object, ...]]:
    with psycopg.connect(cluster.conninfo()) as connection:
        return connection.execute("select from pg_database where datname ~ 'tenantry_reference'").fetchall()


def test_a_baseline_refuses_a_catalog_that_differs(cluster: Cluster, empty: str) -> None:
    with pytest.raises(MigrationError, match="this database has no table of Tenantry: run `tenantry migrate up`"):
        baseline.take_over(empty)
    apply_by_hand(empty)
    execute(
        empty,
        "alter function tenantry.clock immutable; grant select on public.roles to anon;"
        " drop index public.organizations_created_at_idx",
    )
    before = dump(cluster, empty)
    with pytest.raises(MigrationError) as raised:
        baseline.take_over(empty)
    assert str(raised.value).splitlines() == [
        "this database differs from the files. Nothing has changed:",
        "  - index organizations_created_at_idx on public.organizations: is missing: CREATE INDEX"
        " organizations_created_at_idx ON public.organizations USING btree (created_at, id)",
        "  - function tenantry.clock(): is changed: apply functions/core/clock.sql",
        "  - table public.roles: has too much: SELECT for anon: apply policies/roles.sql",
    ]
    assert dump(cluster, empty) == before
    assert reference_databases(cluster) == []


def test_a_baseline_of_an_owner_who_may_make_no_database(cluster: Cluster, empty: str) -> None:
    execute(empty, "create role poor login; alter database other_way owner to poor")
    cluster.create_database("poor_reference", "template0")
    try:
        execute(empty, "alter database poor_reference owner to poor")
        owner = cluster.conninfo("other_way", "poor")
        apply_by_hand(owner)
        with pytest.raises(MigrationError, match="poor may not create the database with which `baseline` compares"):
            baseline.take_over(owner)
        baseline.take_over(owner, reference=cluster.conninfo("poor_reference", "poor"))
        assert doctor.examine(owner) == []
    finally:
        cluster.drop_database("poor_reference")
        cluster.drop_database("other_way")
        execute(cluster.conninfo(), "drop role poor")
        cluster.create_database("other_way", "template0")


@pytest.fixture(params=installations(), ids=str)
def bare(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster without the roles of Tenantry. It has a database of the role `owner`, and `admin` may make roles."""
    installation: Installation = request.param
    with Cluster(installation) as cluster:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute("create role admin login createrole; create role owner login")
            connection.execute("create database app owner owner")
        yield cluster


def test_an_administrator_makes_the_roles_and_a_plain_owner_the_rest(bare: Cluster, tmp_path: Path) -> None:
    owner = bare.conninfo("app", "owner")
    with pytest.raises(MigrationError, match=r"roles/roles\.sql.*permission denied to create role"):
        migrate.up(owner)
    script = tmp_path / "roles.sql"
    script.write_text(migrate.roles())
    for _ in range(2):
        done = psql(bare, bare.conninfo("postgres", "admin"), script, "-1")
        assert done.returncode == 0, done.stderr
    migrate.up(owner)
    assert doctor.examine(owner) == []
    assert run("verify", DATABASE_URL=bare.conninfo("app", "tenantry_server")).stdout == "every invariant holds\n"


@pytest.mark.parametrize("installation", installations()[-1:], ids=str)
def test_the_baseline_of_a_supabase_project(installation: Installation) -> None:
    """Its schema auth is not that of the temporary database, and its roles have default privileges on new tables."""
    with supabase.cluster(installation) as platform:
        supabase.create_project(platform, "app", default_grants=True)
        owner = platform.conninfo("app", "postgres")
        apply_by_hand(owner)
        baseline.take_over(owner)
        assert doctor.examine(owner) == []
        assert migrate.up(owner) == []
        execute(owner, "drop policy service on public.roles")
        assert [str(finding) for finding in doctor.examine(owner)] == [
            "policy service on public.roles: is missing: run `tenantry migrate up --repair`"
        ]
