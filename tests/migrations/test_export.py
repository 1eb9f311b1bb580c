"""The export for the Supabase CLI: an export only ever adds files, and the files give the same schema as the runner."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from tenantry import migrate
from tenantry.sql_files import MigrationError
from tests.support.postgres import Cluster

FIRST = "20260101000000_first.sql"
SECOND = "20260102235959_second.sql"
REPEATABLES = "20260103000000_tenantry_repeatables.sql"
TREE = {
    f"migrations/{FIRST}": "create table public.things (id integer primary key)",
    f"migrations/{SECOND}": "alter table public.things add column label text;\n",
    "functions/a.sql": "create or replace function public.a() returns bigint language sql as 'select public.b()';\n",
    "functions/b.sql": "create or replace function public.b() returns bigint language sql as 'select 1::bigint';\n",
    "seeds/things.sql": "insert into public.things values (1, 'é') on conflict (id) do nothing;\n",
    "seeds/demo.sql": "insert into public.things values (2, 'demo');\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "sql", TREE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "project"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def exported(project: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((project / "supabase" / "migrations").iterdir())}


def export(project: Path, root: Path) -> list[str]:
    return [name.removeprefix("supabase/migrations/") for name in migrate.export_supabase(project, root)]


def test_migrations_keep_their_names_and_the_rest_follows_in_one_file(project: Path, root: Path) -> None:
    assert export(project, root) == [FIRST, SECOND, REPEATABLES]
    files = exported(project)
    assert list(files) == [FIRST, SECOND, REPEATABLES]
    assert TREE[f"migrations/{SECOND}"] in files[SECOND]
    assert "demo" not in files[REPEATABLES]


def test_exported_again_nothing_is_written(project: Path, root: Path) -> None:
    export(project, root)
    assert export(project, root) == []


def test_a_changed_function_comes_in_a_further_file_alone(project: Path, root: Path) -> None:
    export(project, root)
    before = exported(project)
    write(root, {"functions/b.sql": TREE["functions/b.sql"].replace("1", "2")})
    (name,) = export(project, root)
    assert name == "20260103000001_tenantry_repeatables.sql"
    after = exported(project)
    assert "public.b()" in after[name]
    assert "public.a()" not in after[name]
    assert {other: after[other] for other in before} == before
    assert export(project, root) == []
    write(root, {"functions/b.sql": TREE["functions/b.sql"]})
    assert export(project, root) == ["20260103000002_tenantry_repeatables.sql"]


def test_a_new_migration_comes_with_its_own_timestamp(project: Path, root: Path) -> None:
    export(project, root)
    write(root, {"migrations/20260201000000_third.sql": "create table public.more ();"})
    assert export(project, root) == ["20260201000000_third.sql"]
    write(root, {"functions/c.sql": "create or replace function public.c() returns int language sql as 'select 1';"})
    assert export(project, root) == ["20260201000001_tenantry_repeatables.sql"]


def test_files_of_ones_own_are_left_alone_and_their_timestamps_avoided(project: Path, root: Path) -> None:
    own = {"20260103000000_own.sql": "select 1;", "20260104000000_own.sql": "select 2;"}
    write(project / "supabase" / "migrations", own)
    assert export(project, root) == [FIRST, SECOND, "20260103000001_tenantry_repeatables.sql"]
    assert exported(project).items() >= own.items()


def test_a_timestamp_that_is_taken_is_refused_and_nothing_written(project: Path, root: Path) -> None:
    write(project / "supabase" / "migrations", {"20260102235959_own.sql": "select 1;"})
    with pytest.raises(MigrationError, match=r"20260102235959_own\.sql has the timestamp of migrations/20260102235959"):
        export(project, root)
    assert list(exported(project)) == ["20260102235959_own.sql"]


def test_a_migration_that_changed_after_its_export_is_refused(project: Path, root: Path) -> None:
    export(project, root)
    write(root, {f"migrations/{SECOND}": "alter table public.things add column size integer;\n"})
    with pytest.raises(MigrationError, match=rf"migrations/{SECOND} was changed after it was exported"):
        export(project, root)


def test_applied_by_psql_the_files_make_what_the_runner_makes(cluster: Cluster, project: Path) -> None:
    migrate.export_supabase(project)
    dumps = []
    for applied_by in ("psql", "the runner"):
        cluster.drop_database("exported")
        cluster.create_database("exported", "template0")
        conninfo = cluster.conninfo("exported")
        if applied_by == "psql":
            for path in sorted((project / "supabase" / "migrations").iterdir()):
                run(cluster, "psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", path, conninfo)
            assert {file.state for file in migrate.status(conninfo)} == {"applied"}
            assert migrate.up(conninfo) == []
            with psycopg.connect(conninfo) as connection:
                assert connection.execute("select from public.role_permissions").rowcount > 0
        else:
            migrate.up(conninfo)
        dump = run(cluster, "pg_dump", "--schema-only", conninfo)
        # Newer releases write a key there that differs each time.
        dumps.append([line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))])
    cluster.drop_database("exported")
    assert dumps[0] == dumps[1]


def run(cluster: Cluster, program: str, *arguments: str | Path) -> str:
    done = subprocess.run([cluster.program(program), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
