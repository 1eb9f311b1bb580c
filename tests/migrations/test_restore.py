"""A dump that is restored before the roles are made loses rights and policies. Doctor finds it, a repair mends it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tenantry import doctor, migrate
from tenantry.sql_files import default_root
from tests.support.ledger import organization
from tests.support.postgres import Cluster, installations


@pytest.fixture
def bare() -> Iterator[Cluster]:
    """A cluster of the newest PostgreSQL without the roles of Tenantry."""
    with Cluster(installations()[-1]) as cluster:
        cluster.create_database("restored", "template0")
        yield cluster


def findings(conninfo: str) -> list[str]:
    return [str(finding) for finding in doctor.examine(conninfo)]


def restore(cluster: Cluster, database: str, bare: Cluster, folder: Path) -> str:
    """Dumps a database and restores it in another cluster. Returns the errors of pg_restore."""
    file = folder / "dump"
    source: list[str | Path] = [cluster.program("pg_dump"), "-Fc", "-f", file, cluster.conninfo(database)]
    subprocess.run(source, check=True, capture_output=True)
    target: list[str | Path] = [bare.program("pg_restore"), "-d", bare.conninfo("restored"), file]
    return subprocess.run(target, check=False, capture_output=True, text=True).stderr


def test_a_restore_without_roles_is_found_and_mended(
    cluster: Cluster, database: str, bare: Cluster, tmp_path: Path
) -> None:
    assert 'role "authenticated" does not exist' in restore(cluster, database, bare, tmp_path)
    conninfo = bare.conninfo("restored")
    assert {file.state for file in migrate.status(conninfo)} == {"applied"}
    found = findings(conninfo)
    for name in ("anon", "authenticated", "service_role", "tenantry_server"):
        assert f"role {name}: is missing: run `tenantry migrate up --repair`" in found[:4]
    for text in (
        "policy members_read on public.organizations: is missing",
        "policy service on auth.users: is missing",
        "table public.organizations: lacks SELECT for authenticated",
        "schema tenantry: lacks USAGE for anon",
        # The GRANT that failed was sent together with the REVOKE.
        "has too much: EXECUTE for public",
    ):
        assert any(text in line for line in found), text
    migrate.up(conninfo, repair=True)
    assert findings(conninfo) == []
    with psycopg.connect(conninfo) as connection:
        connection.execute("set role service_role")
        assert connection.execute("select count(*) from public.roles").fetchone() != (0,)
        connection.execute("set role authenticated")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select tenantry.settle_due_accounts()")


def test_a_restore_with_roles_has_no_findings_also_in_a_newer_postgresql(
    cluster: Cluster, database: str, bare: Cluster, tmp_path: Path
) -> None:
    with psycopg.connect(bare.conninfo("restored"), autocommit=True) as connection:
        connection.execute((default_root() / "roles" / "roles.sql").read_bytes())
    with psycopg.connect(cluster.conninfo(database), autocommit=True, row_factory=psycopg.rows.dict_row) as service:
        organization(service, 10)
    assert restore(cluster, database, bare, tmp_path) == ""
    assert findings(bare.conninfo("restored")) == []
