"""The exported migrations through the real Supabase CLI, on a database dressed as a Supabase project."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tenantry import doctor, migrate
from tests.support import npm, supabase
from tests.support.postgres import Cluster, installations

ROOT = Path(__file__).parents[2]
SQL = ROOT / "sql"
USER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@dataclass
class Project:
    """A Supabase project: its database and its folder."""

    cluster: Cluster
    database: str
    folder: Path
    program: Path

    def conninfo(self, user: str = "postgres") -> str:
        return self.cluster.conninfo(self.database, user)

    def supabase(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the CLI against the project's database."""
        url = f"postgresql://postgres@127.0.0.1:{self.cluster.port}/{self.database}?sslmode=disable"
        return subprocess.run(
            [self.program, *arguments, f"--remote={url}"],
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder), "DO_NOT_TRACK": "1", "SUPABASE_TELEMETRY_DISABLED": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def push(self) -> list[str]:
        """Pushes the new files; returns the files that were applied."""
        done = self.supabase("db", "push", "--yes")
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        return re.findall(r"Applying migration (\S+?)\.\.\.", output)


@pytest.fixture(scope="module")
def program(pytestconfig: pytest.Config) -> Path:
    """The CLI."""
    return npm.install(ROOT / "tests" / "clients" / "supabase", pytestconfig) / "node_modules" / ".bin" / "supabase"


@pytest.fixture(scope="module", params=installations(), ids=str)
def platform(request: pytest.FixtureRequest, program: Path) -> Iterator[Cluster]:
    """A cluster with Supabase's roles. The program comes first: without it there is nothing to start."""
    del program
    with supabase.cluster(request.param) as cluster:
        yield cluster


@pytest.fixture(scope="module", params=[True, False], ids=["default-grants", "no-default-grants"])
def project(
    request: pytest.FixtureRequest, platform: Cluster, program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A project with all migrations pushed."""
    supabase.create_project(platform, "app", default_grants=request.param)
    project = Project(platform, "app", tmp_path_factory.mktemp("project"), program)
    migrate.export_supabase(project.folder)
    applied = project.push()
    assert applied == sorted(path.name for path in (project.folder / "supabase" / "migrations").iterdir())
    yield project
    platform.drop_database("app")


def test_the_record_tells_what_the_cli_applied(project: Project) -> None:
    assert {file.state for file in migrate.status(project.conninfo())} == {"applied"}
    assert migrate.up(project.conninfo()) == []
    assert doctor.examine(project.conninfo("supabase_admin")) == []


def test_pushed_again_there_is_nothing_to_do(project: Project) -> None:
    assert migrate.export_supabase(project.folder) == []
    assert project.push() == []


def documented() -> list[tuple[str, str]]:
    """The finding and its place, from the table in docs/supabase.md."""
    section = (ROOT / "docs" / "supabase.md").read_text().partition("## Findings of the advisors")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE)
    assert rows
    return [(finding, place) for finding, places in rows for place in re.findall(r"`([^`]+)`", places)]


def test_the_advisors_find_nothing_that_is_not_explained(project: Project) -> None:
    done = project.supabase("db", "advisors", "--level", "info", "--fail-on", "error", "--output-format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    findings = json.loads(done.stdout.splitlines()[-1])["results"]
    assert findings, "the advisors did not run: a new database has unused indexes"
    explained = documented()
    unexplained = [
        finding["detail"]
        for finding in findings
        if not any(
            finding["name"] == name
            and fnmatchcase(f"{finding['metadata']['schema']}.{finding['metadata']['name']}", place)
            for name, place in explained
        )
    ]
    assert unexplained == []


# Every privilege on a table, column, function, type or schema, except for those of the owner.
PRIVILEGES = """
with objects (object, owner, acl) as (
    select 'schema ' || nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner))
    from pg_namespace where nspname = 'tenantry'
    union all
    select 'table ' || c.oid::regclass, c.relowner, coalesce(c.relacl, acldefault('r', c.relowner))
    from pg_class as c
    where c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
      and c.relkind in ('r', 'v', 'm', 'f', 'p')
    union all
    select 'sequence ' || c.oid::regclass, c.relowner, coalesce(c.relacl, acldefault('S', c.relowner))
    from pg_class as c
    where c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace) and c.relkind = 'S'
    union all
    select 'column ' || a.attrelid::regclass || '.' || a.attname, c.relowner, a.attacl
    from pg_attribute as a join pg_class as c on c.oid = a.attrelid
    where c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace) and a.attacl is not null
    union all
    select 'function ' || p.oid::regprocedure, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    from pg_proc as p
    where p.pronamespace in ('public'::regnamespace, 'tenantry'::regnamespace)
)
select o.object, coalesce(g.rolname, 'public'), a.privilege_type
from objects as o
cross join aclexplode(o.acl) as a
left join pg_roles as g on g.oid = a.grantee
where a.grantee <> o.owner and a.privilege_type <> 'MAINTAIN'
order by 1, 2, 3
"""


def privileges(conninfo: str) -> set[tuple[Any, ...]]:
    with psycopg.connect(conninfo) as connection:
        connection.execute("set search_path = ''")
        return set(connection.execute(PRIVILEGES))


def test_default_grants_open_nothing(project: Project) -> None:
    """Clients have the same privileges with every default of the project as without default grants."""
    supabase.create_project(project.cluster, "bare", default_grants=False)
    try:
        migrate.up(project.cluster.conninfo("bare", "postgres"))
        expected = privileges(project.cluster.conninfo("bare"))
        assert expected
        assert privileges(project.conninfo("supabase_admin")) == expected
    finally:
        project.cluster.drop_database("bare")


def test_a_user_works_and_leaves_as_on_the_platform(project: Project) -> None:
    """PostgREST logs in as authenticator; accounts are made and deleted by Supabase Auth, which sees nothing else."""
    with psycopg.connect(project.conninfo("supabase_auth_admin")) as auth:
        auth.execute("insert into auth.users (id, email) values (%s, 'ada@example.com')", [USER])
    with psycopg.connect(project.conninfo("authenticator")) as postgrest:
        postgrest.execute(
            "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true),"
            " set_config('request.method', 'POST', true)",
            [json.dumps({"sub": USER, "role": "authenticated"})],
        )
        postgrest.execute("select public.create_organization('Acme', 'acme')")
        rows = postgrest.execute("select slug from public.organizations").fetchall()
        members = postgrest.execute(
            "select m.email, m.roles from public.list_members((select id from public.organizations)) as page,"
            " unnest(page.members) as m"
        ).fetchall()
    assert (rows, members) == ([("acme",)], [("ada@example.com", ["owner"])])
    with psycopg.connect(project.conninfo("supabase_auth_admin")) as auth:
        auth.execute("delete from auth.users where id = %s", [USER])
    with psycopg.connect(project.conninfo()) as admin:
        events = admin.execute("select event_type from tenantry.events").fetchall()
        doors = admin.execute("select door from tenantry.audit_log where actor_id = %s", [USER]).fetchall()
    assert events == [("owner_lost",)]
    assert set(doors) == {("postgrest",)}


def test_a_release_is_pushed_as_further_files_between_migrations_of_ones_own(
    platform: Cluster, program: Path, tmp_path: Path
) -> None:
    """The project's own migration sets no schema: a setting in an exported file ends with the file."""
    supabase.create_project(platform, "upgraded", default_grants=True)
    try:
        upgraded = Project(platform, "upgraded", tmp_path / "project", program)
        migrate.export_supabase(upgraded.folder)
        own = upgraded.folder / "supabase" / "migrations" / "20990101000000_own.sql"
        own.write_text("create table notes (id uuid, organization_id uuid references organizations (id));\n")
        upgraded.push()

        root = tmp_path / "sql"
        shutil.copytree(SQL, root)
        changed = root / "functions" / "core" / "clock.sql"
        changed.write_text(changed.read_text() + "comment on function tenantry.clock() is 'Newer.';\n")
        (root / "migrations" / "20990102000000_more.sql").write_text(
            "create table public.more (id integer primary key);"
        )
        new = ["20990102000000_more.sql", "20990102000001_tenantry_repeatables.sql"]
        assert migrate.export_supabase(upgraded.folder, root) == [f"supabase/migrations/{name}" for name in new]
        assert upgraded.push() == new
        assert {file.state for file in migrate.status(upgraded.conninfo(), root)} == {"applied"}
        assert doctor.examine(upgraded.conninfo(), root) == []
        with psycopg.connect(upgraded.conninfo()) as connection:
            assert connection.execute("select obj_description('tenantry.clock'::regproc)").fetchone() == ("Newer.",)
            assert connection.execute("select to_regclass('public.notes')").fetchone() != (None,)
    finally:
        platform.drop_database("upgraded")


def test_the_advisors_would_find_a_table_left_open(project: Project) -> None:
    """A check that the linter can find something."""
    with psycopg.connect(project.conninfo(), autocommit=True) as connection:
        connection.execute("create table public.left_open (id integer primary key)")
        connection.execute("grant select on public.left_open to anon")
    try:
        done = project.supabase("db", "advisors", "--level", "error", "--fail-on", "error", "--output-format", "json")
        assert done.returncode != 0
        assert "left_open" in done.stdout + done.stderr
    finally:
        with psycopg.connect(project.conninfo(), autocommit=True) as connection:
            connection.execute("drop table public.left_open")
