"""The runner, on small SQL trees of its own and on every installation."""

import itertools
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tenantry import migrate
from tenantry.sql_files import MigrationError
from tests.support.postgres import Cluster, installations

FIRST = "migrations/20260101000000_first.sql"
SECOND = "migrations/20260102000000_second.sql"
THIRD = "migrations/20260103000000_third.sql"
UNDO_FIRST = "rollbacks/20260101000000_first.sql"
UNDO_SECOND = "rollbacks/20260102000000_second.sql"

TREE = {
    FIRST: """
create schema if not exists tenantry;
create table public.things (id integer constraint things_pkey primary key, label text default '100%s');
""",
    UNDO_FIRST: "drop table public.things;\ndrop schema tenantry;\n",
    SECOND: """
alter table public.things add column size integer;
create index things_size on public.things (size)""",
    UNDO_SECOND: "alter table public.things drop column size",
    # In the order of paths the caller comes before the callee, which the language sql would not accept.
    "functions/things/a_caller.sql": """
create or replace function public.count_things() returns bigint language sql stable
as $$ select tenantry.things_counted() $$;
comment on function public.count_things() is 'How many there are: 100% of them';
revoke execute on function public.count_things() from public;
""",
    "functions/things/b_callee.sql": """
create or replace function tenantry.things_counted() returns bigint language sql stable
as $$ select count(*) from public.things $$;
create or replace procedure public.forget_things() language sql as $$ delete from public.things $$;
""",
    "policies/things.sql": """
alter table public.things enable row level security;
drop policy if exists "things are shown" on public.things;
create policy "things are shown" on public.things for select
    using (id <= (select public.count_things()));
grant select on public.things to public;
""",
    "seeds/things.sql": "insert into public.things values (1, 'é') on conflict (id) do nothing;\n",
    "seeds/demo.sql": "insert into public.things values (2, 'demo');\n",
}
EVERYTHING = [
    FIRST,
    SECOND,
    "functions/things/a_caller.sql",
    "functions/things/b_callee.sql",
    "policies/things.sql",
    "seeds/things.sql",
]

Database = Callable[[], str]


@pytest.fixture(scope="module", params=installations(), ids=str)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with Cluster(request.param) as cluster:
        yield cluster


@pytest.fixture
def new_database(cluster: Cluster) -> Iterator[Database]:
    """Makes an empty database; returns its connection string."""
    numbers = itertools.count()
    made: list[str] = []

    def make() -> str:
        name = f"test_{next(numbers)}"
        cluster.create_database(name)
        made.append(name)
        return cluster.conninfo(name)

    yield make
    for name in made:
        cluster.drop_database(name)


@pytest.fixture
def database(new_database: Database) -> str:
    return new_database()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "sql", TREE)


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def fetch(database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database) as conn:
        return conn.execute(query.encode()).fetchall()


def schema(cluster: Cluster, database: str) -> str:
    """The whole catalog, as SQL."""
    printed = run([cluster.program("pg_dump"), "--schema-only", "--dbname", database])
    # Newer releases put a key there that is another one each time.
    return "\n".join(line for line in printed.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def run(command: list[str | Path]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def states(database: str, root: Path) -> dict[str, str]:
    return {row.name: row.state for row in migrate.status(database, root)}


def test_up_applies_everything_in_order_and_once(database: str, root: Path) -> None:
    assert migrate.up(database, root) == EVERYTHING
    assert migrate.up(database, root) == []
    assert fetch(database, "select id, label from public.things") == [(1, "é")]
    assert fetch(database, "select name, applied_by from tenantry.schema_migrations order by version") == [
        ("20260101000000_first.sql", "postgres"),
        ("20260102000000_second.sql", "postgres"),
    ]


def test_a_function_is_made_after_those_that_its_bound_body_calls(database: str, root: Path) -> None:
    """PostgreSQL binds a body in SQL-standard form at once. The order of file names does not matter."""
    for name, body in {"a": "tenantry.b() + 1", "b": "tenantry.c() + 1", "c": "1"}.items():
        text = f"create or replace function tenantry.{name}() returns integer language sql return {body};"
        (root / "functions" / f"{name}.sql").write_text(text)
    migrate.up(database, root)
    with psycopg.connect(database) as conn:
        assert conn.execute("select tenantry.a()").fetchone() == (3,)


def test_bound_bodies_that_call_each_other_are_refused(database: str, root: Path) -> None:
    for name, callee in {"a": "b", "b": "a"}.items():
        text = f"create or replace function tenantry.{name}() returns integer language sql return tenantry.{callee}();"
        (root / "functions" / f"{name}.sql").write_text(text)
    with pytest.raises(MigrationError, match=r"circle of SQL-standard bodies: functions/[ab]\.sql → "):
        migrate.up(database, root)


def test_bookkeeping_is_nobody_elses(database: str, root: Path) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("alter default privileges grant all on tables to public")
    migrate.up(database, root)
    tables = fetch(
        database,
        "select relname, relrowsecurity, relacl::text ~ '[{,]=' as granted_to_public from pg_class "
        "where relname in ('schema_migrations', 'repeatable_migrations', 'things') order by relname",
    )
    assert tables == [
        ("repeatable_migrations", True, False),
        ("schema_migrations", True, False),
        ("things", True, True),
    ]


def test_up_to_a_version_leaves_the_repeatables_for_the_end(database: str, root: Path) -> None:
    assert migrate.up(database, root, to="20260101000000") == [FIRST]
    assert migrate.up(database, root, to="20260102000000") == EVERYTHING[1:]
    with pytest.raises(MigrationError, match="no migration has the version 20300101000000"):
        migrate.up(database, root, to="20300101000000")


def test_status(database: str, root: Path) -> None:
    assert set(states(database, root).values()) == {"pending"}
    assert list(states(database, root)) == EVERYTHING
    migrate.up(database, root)
    write(root, {FIRST: "select 1;", "seeds/things.sql": "select 1;", THIRD: "select 1;"})
    (root / SECOND).unlink()
    (root / "policies/things.sql").unlink()
    rows = migrate.status(database, root)
    assert [(row.name, row.kind, row.state) for row in rows] == [
        (FIRST, "versioned", "changed"),
        (SECOND, "versioned", "missing"),
        (THIRD, "versioned", "pending"),
        ("functions/things/a_caller.sql", "repeatable", "applied"),
        ("functions/things/b_callee.sql", "repeatable", "applied"),
        ("seeds/things.sql", "repeatable", "changed"),
        ("policies/things.sql", "repeatable", "missing"),
    ]
    assert all((row.applied_at is None) == (row.state == "pending") for row in rows)


def test_a_changed_repeatable_is_applied_again(database: str, root: Path) -> None:
    migrate.up(database, root)
    write(root, {"seeds/things.sql": "insert into public.things values (3);"})
    assert migrate.up(database, root) == ["seeds/things.sql"]
    assert migrate.up(database, root) == []
    assert fetch(database, "select count(*) from public.things") == [(2,)]


def test_threads_at_the_same_time(database: str, root: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        runs = [threads.submit(migrate.up, database, root) for _ in range(4)]
    assert sorted(run.result() for run in runs) == [[], [], [], EVERYTHING]


def test_processes_at_the_same_time(database: str, root: Path) -> None:
    program = """
import pathlib, sys
from tenantry.migrate import up
print(up(sys.argv[1], pathlib.Path(sys.argv[2])))
"""
    # Slow enough that the second run finds the first at work, and longer than its wait for other locks.
    write(root, {FIRST: TREE[FIRST] + "select pg_sleep(1);"})
    command = [sys.executable, "-c", program, f"{database} options='-c lock_timeout=100'", str(root)]
    with ThreadPoolExecutor(2) as threads:
        printed = list(threads.map(run, [command, command]))
    assert sorted(printed) == sorted(["[]\n", f"{EVERYTHING}\n"])


def test_a_changed_migration_is_refused(database: str, root: Path) -> None:
    migrate.up(database, root)
    write(root, {FIRST: TREE[FIRST] + "-- a word more", THIRD: "create table public.more ();"})
    for refuse in (migrate.up, migrate.plan):
        with pytest.raises(MigrationError, match=f"{FIRST} was changed after it was applied"):
            refuse(database, root)
    assert fetch(database, "select to_regclass('public.more')") == [(None,)]


def test_a_migration_without_its_file_is_refused(database: str, root: Path) -> None:
    migrate.up(database, root)
    (root / SECOND).unlink()
    with pytest.raises(MigrationError, match=f"{SECOND} was applied .* but has no file"):
        migrate.up(database, root)


def test_an_older_migration_is_refused(database: str, root: Path) -> None:
    migrate.up(database, root)
    late = "migrations/20260101120000_late.sql"
    write(root, {late: "select 1;"})
    with pytest.raises(MigrationError, match=f"{late} is older than {SECOND}"):
        migrate.up(database, root)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"migrations/1_short.sql": ""}, "1_short.sql is not named"),
        ({"migrations/20260101000000_twin.sql": ""}, f"twin.sql: {FIRST} has the same version"),
    ],
)
def test_names_are_checked(database: str, root: Path, files: dict[str, str], message: str) -> None:
    write(root, files)
    with pytest.raises(MigrationError, match=message):
        migrate.up(database, root)


def test_a_folder_without_migrations_is_refused(database: str, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="is not an SQL root"):
        migrate.status(database, tmp_path)


def test_a_file_in_another_encoding_is_refused(database: str, root: Path) -> None:
    (root / "seeds/things.sql").write_bytes("select 'é';".encode("latin-1"))
    with pytest.raises(MigrationError, match=r"seeds/things.sql is not UTF-8"):
        migrate.up(database, root)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- é is one character\nselect 1;\nselect wrong;\n", r'line 3: column "wrong" does not exist'),
        ("create table unqualified ();", "line 1: no schema has been selected to create in"),
        ("select 1/0;", "sql: division by zero"),
        ("create table public.more (a int);\ncreate index concurrently on public.more (a);", "CONCURRENTLY"),
        ("\\set x 1\n", r"line 1: syntax error"),
        ("copy public.things from stdin;", "(?i)copy"),
    ],
)
def test_a_failing_file_is_named_and_leaves_nothing(database: str, root: Path, text: str, message: str) -> None:
    write(root, {THIRD: text})
    with pytest.raises(MigrationError, match=message) as error:
        migrate.up(database, root)
    assert str(error.value).startswith(THIRD)
    left = fetch(database, "select to_regclass('public.things'), to_regnamespace('tenantry')")
    assert left == [(None, None)]


@pytest.mark.parametrize("end", ["commit;", "rollback;", "commit; begin;", "commit and chain;"])
def test_a_file_that_ends_the_transaction_is_named(database: str, root: Path, end: str) -> None:
    write(root, {SECOND: f"select 1; {end} select 2;"})
    with pytest.raises(MigrationError, match=f"{SECOND} ended the transaction"):
        migrate.up(database, root)


def test_a_lock_held_elsewhere_is_not_waited_for_long(database: str, root: Path) -> None:
    migrate.up(database, root)
    write(root, {THIRD: "alter table public.things add column later integer;"})
    with psycopg.connect(database) as reader:
        reader.execute("select from public.things")
        started = time.monotonic()
        with pytest.raises(
            MigrationError, match=f"(?s){THIRD}.*lock timeout.*Their sessions: {reader.info.backend_pid} "
        ):
            migrate.up(database, root, lock_wait=0.5)
        assert time.monotonic() - started < 3
    assert migrate.up(database, root) == [THIRD]


def test_plan_is_what_up_runs(cluster: Cluster, new_database: Database, root: Path) -> None:
    planned, applied = new_database(), new_database()
    for step, nothing_planned_yet in enumerate((True, False)):
        if step:
            write(root, {THIRD: "create table public.more ();", "seeds/things.sql": "select 1"})
        plan = migrate.plan(planned, root)
        assert plan == migrate.plan(applied, root)
        assert ("create table tenantry.schema_migrations" in plan) == nothing_planned_yet
        file = write(root.parent, {"plan.sql": plan}) / "plan.sql"
        run([cluster.program("psql"), "-X1q", "-v", "ON_ERROR_STOP=1", "-f", file, "-d", planned])
        migrate.up(applied, root)
        assert schema(cluster, planned) == schema(cluster, applied)
        assert migrate.plan(planned, root) == ""
        assert set(states(planned, root).values()) == {"applied"}


def test_plan_and_status_change_nothing(cluster: Cluster, database: str, root: Path) -> None:
    empty = schema(cluster, database)
    plan = migrate.plan(database, root)
    migrate.status(database, root)
    assert [plan.index(f"-- {name}\n") for name in EVERYTHING] == sorted(
        plan.index(f"-- {name}\n") for name in EVERYTHING
    )
    assert schema(cluster, database) == empty


def test_down_takes_back_the_newest_and_up_brings_it_again(cluster: Cluster, database: str, root: Path) -> None:
    migrate.up(database, root)
    full = schema(cluster, database)
    assert migrate.down(database, root) == [UNDO_SECOND]
    assert fetch(database, "select to_regproc('public.count_things'), to_regproc('public.forget_things')") == [
        (None, None)
    ]
    assert fetch(database, "select count(*) from pg_policy") == [(0,)]
    assert fetch(database, "select version from tenantry.schema_migrations") == [("20260101000000",)]
    assert migrate.up(database, root) == EVERYTHING[1:]
    assert schema(cluster, database) == full


@pytest.mark.parametrize("how", [{"to": "0"}, {"steps": 2}, {"steps": 9}])
def test_a_complete_down_leaves_nothing(cluster: Cluster, database: str, root: Path, how: dict[str, str | int]) -> None:
    empty = schema(cluster, database)
    migrate.up(database, root)
    full = schema(cluster, database)
    assert migrate.down(database, root, **how) == [UNDO_SECOND, UNDO_FIRST]  # type: ignore[arg-type]
    assert schema(cluster, database) == empty
    assert migrate.down(database, root, to="0") == []
    assert migrate.up(database, root) == EVERYTHING
    assert schema(cluster, database) == full


def test_down_to_a_version(database: str, root: Path) -> None:
    migrate.up(database, root)
    assert migrate.down(database, root, to="20260102000000") == []
    with pytest.raises(MigrationError, match="20250101000000 is not applied"):
        migrate.down(database, root, to="20250101000000")
    assert migrate.down(database, root, to="20260101000000") == [UNDO_SECOND]


def test_a_complete_down_keeps_a_schema_that_holds_something_else(database: str, root: Path) -> None:
    write(root, {UNDO_FIRST: "drop table public.things;"})
    migrate.up(database, root)
    with psycopg.connect(database) as conn:
        conn.execute("create table tenantry.somebody_elses ()")
    migrate.down(database, root, to="0")
    assert fetch(database, "select relname from pg_class where relnamespace = 'tenantry'::regnamespace") == [
        ("somebody_elses",)
    ]


def test_down_without_a_rollback_file_does_nothing(cluster: Cluster, database: str, root: Path) -> None:
    migrate.up(database, root)
    full = schema(cluster, database)
    (root / UNDO_FIRST).unlink()
    with pytest.raises(MigrationError, match=f"{FIRST} cannot be rolled back"):
        migrate.down(database, root, to="0")
    assert schema(cluster, database) == full


def test_a_failing_rollback_is_named_and_takes_nothing_back(cluster: Cluster, database: str, root: Path) -> None:
    write(root, {UNDO_FIRST: "select 1;\ndrop table public.absent;"})
    migrate.up(database, root)
    full = schema(cluster, database)
    with pytest.raises(MigrationError, match=f"{UNDO_FIRST}: table .* does not exist"):
        migrate.down(database, root, to="0")
    assert schema(cluster, database) == full
    assert set(states(database, root).values()) == {"applied"}


def test_notices_are_logged(database: str, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(root, {FIRST: TREE[FIRST] + "do $$ begin raise notice 'psst'; raise warning 'oh'; end $$;"})
    with caplog.at_level(logging.DEBUG, "tenantry.migrate"):
        migrate.up(database, root)
    records = [(record.levelname, record.message) for record in caplog.records]
    assert ("DEBUG", "NOTICE: psst") in records
    assert ("INFO", "WARNING: oh") in records
    assert ("DEBUG", f"running {FIRST}") in records


def test_the_default_root_is_the_projects_own(database: str) -> None:
    own = Path(__file__).parents[2] / "sql" / "migrations"
    names = [row.name for row in migrate.status(database) if row.kind == "versioned"]
    assert names == sorted(f"migrations/{path.name}" for path in own.glob("*.sql"))


OWN_OBJECTS = {
    "function public.count_things": "create function public.count_things(integer) returns int language sql return 1",
    "function public.forget_things": "create procedure public.forget_things() language sql as $$ select 1 $$",
    "table public.things": "create view public.things as select 1 as mine",
}


@pytest.mark.parametrize(("name", "statement"), OWN_OBJECTS.items(), ids=OWN_OBJECTS)
def test_an_object_of_others_with_one_of_the_names_is_refused_and_stays(
    cluster: Cluster, database: str, root: Path, name: str, statement: str
) -> None:
    with psycopg.connect(database) as conn:
        conn.execute(statement.encode())
    before = schema(cluster, database)
    with pytest.raises(MigrationError, match=f"are not Tenantry's: {name}\\n"):
        migrate.up(database, root)
    assert schema(cluster, database) == before


def test_what_a_later_release_brings_is_refused_too(cluster: Cluster, database: str, root: Path) -> None:
    migrate.up(database, root)
    with psycopg.connect(database) as conn:
        conn.execute('create policy "mine too" on public.things for select using (true)')
        conn.execute("create function tenantry.noted() returns trigger language plpgsql as $$ begin return new; end $$")
        conn.execute(
            "create trigger note before insert or update of id on public.things"
            " for each row execute function tenantry.noted()"
        )
        conn.execute("create type public.mood as enum ('mine')")
    before = schema(cluster, database)
    write(
        root,
        {
            "migrations/20260103000000_mood.sql": "create type public.mood as (a integer);",
            "functions/noted.sql": "create or replace function tenantry.noted() returns trigger language plpgsql"
            " as $$ begin return null; end $$;",
            "triggers/note.sql": "create or replace trigger note before insert or update of id on public.things\n"
            "for each row execute function tenantry.noted();",
            "policies/more.sql": 'drop policy if exists "mine too" on public.things;\n'
            'create policy "mine too" on public.things for select using (false);',
        },
    )
    with pytest.raises(MigrationError) as raised:
        migrate.up(database, root)
    assert (
        "function tenantry.noted, policy mine too on public.things, trigger note on public.things, type public.mood"
        in str(raised.value)
    )
    assert schema(cluster, database) == before


def test_down_drops_nothing_of_others(cluster: Cluster, database: str, root: Path) -> None:
    migrate.up(database, root)
    with psycopg.connect(database) as conn:
        conn.execute("create table public.mine (n bigint check (n <= public.count_things()))")
        conn.execute("create view public.view_of_mine as select public.count_things() as n")
        conn.execute("alter table public.mine enable row level security")
        conn.execute("create policy few on public.mine using (n < (select public.count_things()))")
    before = schema(cluster, database)
    for steps in (1, 2):
        with pytest.raises(MigrationError) as raised:
            migrate.down(database, root, steps=steps)
        for name in ("constraint mine_n_check", "view view_of_mine", "policy few on table"):
            assert name in str(raised.value).replace("public.", "")
    assert schema(cluster, database) == before
    assert set(states(database, root).values()) == {"applied"}
    with psycopg.connect(database) as conn:
        conn.execute("drop view public.view_of_mine; drop table public.mine")
    assert migrate.down(database, root, to="0") == [UNDO_SECOND, UNDO_FIRST]


def test_the_record_of_objects_survives_a_dump_and_restore(
    cluster: Cluster, new_database: Database, database: str, root: Path
) -> None:
    migrate.up(database, root)
    dumped = subprocess.run([cluster.program("pg_dump"), database], capture_output=True, check=True)
    other = new_database()
    subprocess.run(
        [cluster.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", other],
        input=dumped.stdout,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    write(root, {"policies/things.sql": TREE["policies/things.sql"] + "\n-- changed"})
    assert migrate.up(other, root) == ["policies/things.sql"]
    assert migrate.down(other, root, to="0") == [UNDO_SECOND, UNDO_FIRST]
