"""Applies and rolls back the plain SQL files of an SQL root folder.

    migrations/<14-digit timestamp>_<name>.sql   versioned: applied once, in order
    rollbacks/<same file name>.sql               rolls that migration back
    functions/, api/, triggers/, policies/, seeds/   repeatable: applied again whenever their content changes

Each call is one transaction under one advisory lock. It happens whole or not at all, and two calls at the same time
queue. The schema `tenantry` records the applied files, each with its SHA-256, and the objects that they made. `up`
replaces no object that is not recorded, and `down` drops none that others made.

`export_supabase` writes the same files and records for the Supabase CLI, which then applies them.

A database that cannot be reached, or that refuses the login, raises psycopg's own `OperationalError`.
"""

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal, LiteralString, NamedTuple

import psycopg
from psycopg import sql

logger = logging.getLogger(__name__)

Kind = Literal["versioned", "repeatable"]
State = Literal["applied", "pending", "changed", "missing"]

# The folders of the repeatable files, in the order in which they are applied.
REPEATABLE_FOLDERS = ("functions", "api", "triggers", "policies", "seeds")
# Demo data is applied on request only.
DEMO_SEED = "seeds/demo.sql"

_FILE_NAME = re.compile(r"(?P<version>[0-9]{14})_[a-z0-9_]+\.sql")
_IDENTIFIER = r'(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")'
_ROUTINE = re.compile(
    rf"^\s*create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+(?P<name>{_IDENTIFIER}\s*\.\s*{_IDENTIFIER})",
    re.IGNORECASE | re.MULTILINE,
)
_CALL = re.compile(rf"(?P<name>{_IDENTIFIER}\s*\.\s*{_IDENTIFIER})\s*\(", re.IGNORECASE)
# The kind of an object and the beginning of its statement. The names stand for those of `_NAMES` below.
_OBJECTS = {
    "function": r"(?:or\s+replace\s+)?(?:function|procedure)\s+{relation}",
    "table": r"table\s+{relation}",
    "view": r"(?:or\s+replace\s+)?view\s+{relation}",
    "type": r"type\s+{relation}",
    "trigger": r"(?:or\s+replace\s+)?trigger\s+{own}\s[^;]*?\son\s+{relation}",
    "policy": r"policy\s+{own}\s+on\s+{relation}",
}
_NAMES = {
    "own": rf"(?P<own>{_IDENTIFIER})",
    "relation": rf"(?P<schema>{_IDENTIFIER})\s*\.\s*(?P<relation>{_IDENTIFIER})",
}
_CREATED = {
    kind: re.compile(rf"^create\s+{beginning.format(**_NAMES)}", re.IGNORECASE | re.MULTILINE)
    for kind, beginning in _OBJECTS.items()
}
# Comments and quoted bodies: PostgreSQL binds no names in them.
_UNBOUND = re.compile(r"--[^\n]*|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$", re.DOTALL)
_BODY = re.compile(r"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$", re.DOTALL)
_TRIGGER = re.compile(
    rf"^\s*create\s+(?:or\s+replace\s+)?trigger\s+(?P<name>{_IDENTIFIER})\s[^;]*?\son\s+"
    rf"(?P<table>{_IDENTIFIER}\s*\.\s*{_IDENTIFIER})",
    re.IGNORECASE | re.MULTILINE,
)
_POLICY = re.compile(
    rf"^\s*create\s+policy\s+(?P<name>{_IDENTIFIER})\s+on\s+(?P<table>{_IDENTIFIER}\s*\.\s*{_IDENTIFIER})",
    re.IGNORECASE | re.MULTILINE,
)

# The key is the bytes of the word "tenantry". The wait for another run has no limit, as it ends with that run. The
# role's own timeouts must not interrupt the wait, nor an index build on a large table.
_TAKE_LOCK = """\
set local statement_timeout = 0;
set local lock_timeout = 0;
select pg_catalog.pg_advisory_xact_lock(8387231245791425145);
"""

# With an empty search_path, a name without its schema fails in every database.
_SETTINGS = """\
set local lock_timeout = {};
set local client_encoding = 'UTF8';
set local search_path = '';
"""

_BOOKKEEPING = """\
create schema if not exists tenantry;
create table tenantry.schema_migrations (
    version text not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    applied_by text not null default current_user,
    constraint schema_migrations_pkey primary key (version)
);
create table tenantry.repeatable_migrations (
    path text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    constraint repeatable_migrations_pkey primary key (path)
);
create table tenantry.installed_objects (
    kind text not null,
    name text not null,
    path text not null,
    constraint installed_objects_pkey primary key (kind, name)
);
comment on table tenantry.schema_migrations is 'The migrations that are applied to this database.';
comment on column tenantry.schema_migrations.version is 'Timestamp in the name of the file.';
comment on column tenantry.schema_migrations.name is 'Name of the file.';
comment on column tenantry.schema_migrations.checksum is 'SHA-256 of the file.';
comment on column tenantry.schema_migrations.applied_at is 'When it was applied.';
comment on column tenantry.schema_migrations.applied_by is 'The role that applied it.';
comment on table tenantry.repeatable_migrations is 'The functions, policies and seeds that this database has.';
comment on column tenantry.repeatable_migrations.path is 'Path of the file below sql/.';
comment on column tenantry.repeatable_migrations.checksum is 'SHA-256 of the file as it was applied.';
comment on column tenantry.repeatable_migrations.applied_at is 'When it was last applied.';
comment on table tenantry.installed_objects is 'The objects that the files made: no others are replaced or dropped.';
comment on column tenantry.installed_objects.kind is 'function, table, view, type, trigger or policy.';
comment on column tenantry.installed_objects.name is 'Name with its schema; of a trigger or policy, with its table.';
comment on column tenantry.installed_objects.path is 'Path of the file below sql/.';
revoke all on tenantry.schema_migrations, tenantry.repeatable_migrations, tenantry.installed_objects from public;
alter table tenantry.schema_migrations enable row level security;
alter table tenantry.repeatable_migrations enable row level security;
alter table tenantry.installed_objects enable row level security;
"""

_RECORD_MIGRATION = "insert into tenantry.schema_migrations (version, name, checksum) values ({}, {}, {});"

# Runs before the first file. A name is compared as text, because most of the objects do not exist yet.
_REFUSE_OTHERS = """\
do $refuse$
declare
    v_names text;
begin
    with there (kind, name) as (
        select 'function', n.nspname || '.' || p.proname from pg_catalog.pg_proc as p
        join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
        union
        select 'type', n.nspname || '.' || t.typname from pg_catalog.pg_type as t
        join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
        union
        select 'trigger', t.tgname || ' on ' || n.nspname || '.' || c.relname from pg_catalog.pg_trigger as t
        join pg_catalog.pg_class as c on c.oid = t.tgrelid
        join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        union
        select 'policy', p.polname || ' on ' || n.nspname || '.' || c.relname from pg_catalog.pg_policy as p
        join pg_catalog.pg_class as c on c.oid = p.polrelid
        join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    )
    select pg_catalog.string_agg(made.kind || ' ' || made.name, ', ' order by made.kind, made.name)
    into v_names
    from rows from (pg_catalog.unnest({}::text[]), pg_catalog.unnest({}::text[])) as made (kind, name)
    -- A table and a view have a type of their own name.
    join there
        on there.name = made.name
        and there.kind = case when made.kind in ('table', 'view') then 'type' else made.kind end
    where not exists (
        select from tenantry.installed_objects as i where i.kind = made.kind and i.name = made.name
    );
    if v_names is not null then
        raise exception 'these objects are there already and are not Tenantry''s: %', v_names
            using hint = 'Rename them, or move them to another schema. Nothing has changed.';
    end if;
end
$refuse$;
"""

_RECORD_OBJECTS = """\
insert into tenantry.installed_objects (kind, name, path)
select made.kind, made.name, {}
from rows from (pg_catalog.unnest({}::text[]), pg_catalog.unnest({}::text[])) as made (kind, name)
on conflict (kind, name) do update set path = excluded.path;
"""

# Functions may then call functions of later files.
_UNCHECKED_BODIES = "set local check_function_bodies = off;"

_RECORD_REPEATABLE = """\
insert into tenantry.repeatable_migrations (path, checksum) values ({}, {})
on conflict (path) do update set checksum = excluded.checksum, applied_at = now();
"""

_FORGET_SOME = """\
delete from tenantry.schema_migrations where version = any ({});
delete from tenantry.repeatable_migrations;
delete from tenantry.installed_objects where path !~ '^migrations/' or path = any ({});
"""

_FORGET_ALL = "drop table tenantry.schema_migrations, tenantry.repeatable_migrations, tenantry.installed_objects;"


# The head of an exported file. A later export and `status` read the records in it.
_EXPORTED = """\
-- {}
-- Written by `tenantry migrate export` for the Supabase CLI. Keep it under version control and do not edit it.
"""
_EXPORTED_MIGRATION = re.compile(
    r"^insert into tenantry\.schema_migrations \(version, name, checksum\) values "
    r"\('(?P<version>[0-9]{14})', '[^']+', '(?P<checksum>[0-9a-f]{64})'\);$",
    re.MULTILINE,
)
_EXPORTED_REPEATABLE = re.compile(
    r"^insert into tenantry\.repeatable_migrations \(path, checksum\) values "
    r"\('(?P<path>[^']+)', '(?P<checksum>[0-9a-f]{64})'\)$",
    re.MULTILINE,
)
_REPEATABLES_NAME = "tenantry_repeatables"
_VERSION_FORMAT = "%Y%m%d%H%M%S"


class MigrationError(Exception):
    """A file is wrong, or differs from the applied one. The message names the file."""


class FileStatus(NamedTuple):
    """One line of `status`. applied_at: None for a file that is not applied."""

    name: str
    kind: Kind
    state: State
    applied_at: datetime | None


@dataclass(frozen=True)
class _File:
    """An SQL file. name: its path under the root, with forward slashes."""

    name: str
    content: bytes

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def text(self) -> str:
        return self.content.decode()


@dataclass(frozen=True)
class _Migration:
    version: str
    file: _File


@dataclass(frozen=True)
class _Tree:
    """All files of a root, in the order of application. rollbacks: by file name."""

    migrations: list[_Migration]
    repeatables: list[_File]
    rollbacks: dict[str, _File]


class _Applied(NamedTuple):
    name: str
    checksum: str
    applied_at: datetime


@dataclass(frozen=True)
class _Record:
    """The files that a database records as applied: migrations by version (oldest first), repeatables by path.

    exists: whether the database has the tables of the record.
    """

    exists: bool
    migrations: dict[str, _Applied]
    repeatables: dict[str, _Applied]


@dataclass(frozen=True)
class _Step:
    """SQL that is sent as one message. file: the file that it comes from; None for SQL of the runner."""

    sql: bytes
    file: _File | None = None


def up(conninfo: str, root: Path | None = None, *, to: str | None = None, lock_timeout: str = "5s") -> list[str]:
    """Apply every pending migration, then the repeatable files that are new or changed.

    Args:
        conninfo: libpq URL or connection string, of a role that may create the objects of the files.
        root: the SQL root; the package's own when None.
        to: the last version to apply. Repeatable files belong to the newest schema, so they are applied only
            when no migration is left pending.
        lock_timeout: how long one statement may wait for a lock that another session holds.

    Returns:
        The files applied, as paths under the root; empty when there was nothing to do.

    Raises:
        MigrationError: a file fails, or differs from the applied one; then nothing is applied. Or a file ended the
            transaction; then the changes that it committed stay.
    """
    tree = _read_tree(root)
    with _transaction(conninfo) as conn:
        _execute(conn, _statement(_TAKE_LOCK))
        steps = _steps_up(tree, _read_record(conn), to, lock_timeout)
        _run(conn, steps)
    return [step.file.name for step in steps if step.file]


def plan(conninfo: str, root: Path | None = None, *, to: str | None = None, lock_timeout: str = "5s") -> str:
    """Return the SQL that `up` would run now, or an empty string when there is nothing to do. Changes nothing.

    The text is for people to read, and `psql -1 -v ON_ERROR_STOP=1 -f` can apply it. Arguments and errors are those of
    `up`.
    """
    tree = _read_tree(root)
    with _transaction(conninfo) as conn:
        steps = _steps_up(tree, _read_record(conn), to, lock_timeout)
    if not steps:
        return ""
    return "\n".join(_render(step) for step in [_statement(_TAKE_LOCK), *steps])


def status(conninfo: str, root: Path | None = None) -> list[FileStatus]:
    """Compare the files with the record: migrations by version, then repeatables in the order of application.

    `changed` is a file that differs from the applied one. `up` refuses such a migration, and applies such a
    repeatable again. `missing` is an applied file that does not exist any more. Changes nothing.

    Args:
        conninfo: libpq URL or connection string.
        root: the SQL root; the package's own when None.

    Raises:
        MigrationError: the root has no migrations, or the name or text of a file is invalid.
    """
    tree = _read_tree(root)
    with _transaction(conninfo) as conn:
        record = _read_record(conn)
    files = {migration.version: migration.file for migration in tree.migrations}
    versioned = [
        _compare("versioned", files.get(version), record.migrations.get(version))
        for version in sorted(files.keys() | record.migrations.keys())
    ]
    repeatables = {file.name: file for file in tree.repeatables}
    paths = [*repeatables, *(path for path in record.repeatables if path not in repeatables)]
    return versioned + [_compare("repeatable", repeatables.get(path), record.repeatables.get(path)) for path in paths]


def down(
    conninfo: str,
    root: Path | None = None,
    *,
    to: str | None = None,
    steps: int = 1,
    lock_timeout: str = "5s",
) -> list[str]:
    """Roll back the newest migrations, and drop all functions and policies, which belong to the newest schema.

    Until the next `up` (usually of an older release) the database has no functions and no policies. If objects of
    others depend on an object that goes, nothing is rolled back.

    Args:
        conninfo: libpq URL or connection string.
        root: the SQL root; the package's own when None.
        to: roll back every version newer than this one; "0" rolls back all, and drops the record.
        steps: number of versions to roll back without `to`.
        lock_timeout: how long one statement may wait for a lock that another session holds.

    Returns:
        The rollback files run, as paths under the root; empty when there was nothing to roll back.

    Raises:
        MigrationError: a version has no rollback file, a file fails, `to` is not applied, or objects of others depend
            on an object that goes (the message names them); then nothing is rolled back. Or a file ended the
            transaction; then the changes that it committed stay.
    """
    tree = _read_tree(root)
    with _transaction(conninfo) as conn:
        _execute(conn, _statement(_TAKE_LOCK))
        record = _read_record(conn)
        versions = _versions_to_roll_back(record, to, steps)
        rollbacks = [_rollback_of(tree, record.migrations[version]) for version in versions]
        if not versions:
            return []
        complete = len(versions) == len(record.migrations)
        _run(
            conn,
            [
                _statement(_SETTINGS, lock_timeout),
                _Step(_drop_repeatables(tree.repeatables).encode()),
                # Before the rollbacks: the oldest one may drop the schema of the record.
                _statement(_FORGET_ALL)
                if complete
                else _statement(_FORGET_SOME, versions, [_of(record.migrations[version]) for version in versions]),
                *(_Step(file.content, file) for file in rollbacks),
            ],
        )
        if complete:
            _drop_private_schema(conn)
    return [file.name for file in rollbacks]


def export_supabase(folder: Path, root: Path | None = None) -> list[str]:
    """Write the files that `up` would apply to an empty database as migrations of a Supabase project.

    Migrations keep their names. The repeatable files become one more file, whose timestamp is the first free second
    after the newest migration. A further export writes only new and changed files, into new files. It never changes an
    exported file, as that may have been pushed.

    Args:
        folder: the Supabase project, the parent of the folder `supabase`, which is created if missing.
        root: the SQL root; the package's own when None.

    Returns:
        The files written, as paths under `folder`; empty when there was nothing to do.

    Raises:
        MigrationError: a migration changed after it was exported, or its timestamp is taken: nothing is written.
    """
    tree = _read_tree(root)
    target = folder / "supabase" / "migrations"
    present = {path.name: path.read_text(encoding="utf-8") for path in sorted(target.glob("*.sql"))}
    taken = {name[:14]: name for name in present}
    exported = {
        match["version"]: match["checksum"] for text in present.values() for match in _EXPORTED_MIGRATION.finditer(text)
    }
    # In the order of their names, so the newest checksum of each path stays.
    repeated = {
        match["path"]: match["checksum"] for text in present.values() for match in _EXPORTED_REPEATABLE.finditer(text)
    }

    changed = [file for file in tree.repeatables if repeated.get(file.name) != file.checksum]
    unexported = [migration.file for migration in tree.migrations if migration.version not in exported]
    # Each file is a transaction of its own. The first one refuses for all of them, before anything is applied.
    refusal = [_refuse_others([*unexported, *changed])]

    new: dict[str, str] = {}
    for migration in tree.migrations:
        file = migration.file
        if migration.version in exported:
            if exported[migration.version] != file.checksum:
                raise MigrationError(f"{file.name} was changed after it was exported to {target}")
            continue
        if migration.version in taken:
            raise MigrationError(f"{target / taken[migration.version]} has the timestamp of {file.name}: rename it")
        steps = [*refusal, _Step(file.content, file), _record_objects(file), _record_migration(migration)]
        refusal = []
        if migration is tree.migrations[0]:
            steps.insert(0, _statement(_BOOKKEEPING))
        new[_base_name(file.name)] = _render_export(f"{file.name} of Tenantry.", steps)

    if changed:
        steps = [*refusal, _statement(_UNCHECKED_BODIES)]
        for file in changed:
            steps += [_Step(file.content, file), _record_objects(file), _record_repeatable(file)]
        version = max([migration.version for migration in tree.migrations], default="20000101000000")
        while version in taken or version in {name[:14] for name in new}:
            moment = datetime.strptime(version, _VERSION_FORMAT).replace(tzinfo=UTC) + timedelta(seconds=1)
            version = moment.strftime(_VERSION_FORMAT)
        new[f"{version}_{_REPEATABLES_NAME}.sql"] = _render_export(
            "Functions, policies and seeds of Tenantry that are new or changed.", steps
        )

    target.mkdir(parents=True, exist_ok=True)
    for name, text in new.items():
        (target / name).write_text(text, encoding="utf-8")
    return [f"supabase/migrations/{name}" for name in new]


def create_database(conninfo: str, name: str) -> None:
    """Create a database unless it exists.

    Args:
        conninfo: libpq URL or connection string of another database of the cluster, of a role that may create
            databases.
        name: the name of the database.
    """
    with psycopg.connect(conninfo, autocommit=True) as conn:
        found = conn.execute("select from pg_catalog.pg_database where datname = %s", [name]).rowcount
        if not found:
            conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def apply_demo_data(conninfo: str, root: Path | None = None) -> None:
    """Put a small demo tenant into a migrated database. A second call changes nothing.

    Args:
        conninfo: libpq URL or connection string, of a role that may call every function.
        root: the SQL root; the package's own when None.
    """
    with psycopg.connect(conninfo) as conn:
        conn.execute(((root or _default_root()) / DEMO_SEED).read_bytes())


def _read_tree(root: Path | None) -> _Tree:
    root = root or _default_root()
    if not (root / "migrations").is_dir():
        raise MigrationError(f"{root} is not an SQL root: it has no folder migrations")
    migrations: dict[str, _Migration] = {}
    for file in _read_files(root, "migrations"):
        match = _FILE_NAME.fullmatch(_base_name(file.name))
        if not match:
            raise MigrationError(f"{file.name} is not named <14-digit timestamp>_<lower_case_name>.sql")
        version = match["version"]
        if version in migrations:
            raise MigrationError(f"{file.name}: {migrations[version].file.name} has the same version")
        migrations[version] = _Migration(version, file)
    return _Tree(
        migrations=list(migrations.values()),
        repeatables=[
            file
            for folder in REPEATABLE_FOLDERS
            for file in _callees_first(_read_files(root, folder))
            if file.name != DEMO_SEED
        ],
        rollbacks={_base_name(file.name): file for file in _read_files(root, "rollbacks")},
    )


def _default_root() -> Path:
    package = Path(__file__).parent
    installed = package / "sql"
    return installed if installed.is_dir() else package.parents[1] / "sql"


def _read_files(root: Path, folder: str) -> list[_File]:
    files = []
    for path in sorted((root / folder).rglob("*.sql")):
        file = _File(path.relative_to(root).as_posix(), path.read_bytes())
        try:
            file.content.decode()
        except UnicodeDecodeError as exc:
            raise MigrationError(f"{file.name} is not UTF-8: {exc}") from exc
        files.append(file)
    return files


def _callees_first(files: Sequence[_File]) -> list[_File]:
    """The files by name, but each after the files of the functions that it calls outside of a quoted body.

    PostgreSQL binds a body in SQL-standard form (`return …`, `begin atomic`) when it creates the function, so the
    callees must exist by then. It binds a body between dollar quotes at the first call.
    """
    homes = {_name_of(match["name"]): file for file in files for match in _ROUTINE.finditer(file.text)}
    calls = {}
    for file in files:
        named = {_name_of(match["name"]) for match in _CALL.finditer(_UNBOUND.sub("", file.text))}
        calls[file] = [homes[name] for name in sorted(named & homes.keys()) if homes[name] is not file]
    try:
        return list(TopologicalSorter(calls).static_order())
    except CycleError as exc:
        circle = " → ".join(file.name for file in exc.args[1])
        raise MigrationError(f"these files call each other in a circle of SQL-standard bodies: {circle}") from exc


def _name_of(text: str) -> str:
    return re.sub(r"\s", "", text)


def _base_name(name: str) -> str:
    return name.rpartition("/")[2]


def _steps_up(tree: _Tree, record: _Record, to: str | None, lock_timeout: str) -> list[_Step]:
    """The steps that `up` runs after it has the lock; empty when there is nothing to do."""
    pending = _pending_migrations(tree, record)
    repeatables = [
        file
        for file in tree.repeatables
        if (applied := record.repeatables.get(file.name)) is None or applied.checksum != file.checksum
    ]
    if to is not None:
        if to not in {migration.version for migration in tree.migrations}:
            raise MigrationError(f"no migration has the version {to}")
        if any(migration.version > to for migration in pending):
            pending = [migration for migration in pending if migration.version <= to]
            repeatables = []
    if not pending and not repeatables:
        return []

    steps = [_statement(_SETTINGS, lock_timeout)]
    if not record.exists:
        steps.append(_statement(_BOOKKEEPING))
    steps.append(_refuse_others([*(migration.file for migration in pending), *repeatables]))
    for migration in pending:
        file = migration.file
        steps += [_Step(file.content, file), _record_objects(file), _record_migration(migration)]
    if repeatables:
        steps.append(_statement(_UNCHECKED_BODIES))
    for file in repeatables:
        steps += [_Step(file.content, file), _record_objects(file), _record_repeatable(file)]
    return steps


def _objects(file: _File) -> list[tuple[str, str]]:
    """The kind and name of each object that the file makes, as in tenantry.installed_objects.

    An indented statement stands in a block that decides whether it runs, such as for Supabase's own schema auth.
    """
    found = []
    for kind, pattern in _CREATED.items():
        for match in pattern.finditer(_BODY.sub("", file.text)):
            names = {key: _plain(value) for key, value in match.groupdict().items()}
            relation = f"{names['schema']}.{names['relation']}"
            found.append((kind, f"{names['own']} on {relation}" if "own" in names else relation))
    return found


def _plain(identifier: str) -> str:
    """The identifier as the catalogs have it."""
    return identifier[1:-1].replace('""', '"') if identifier.startswith('"') else identifier.lower()


def _refuse_others(files: Sequence[_File]) -> _Step:
    made = [each for file in files for each in _objects(file)]
    return _statement(_REFUSE_OTHERS, [kind for kind, _ in made], [name for _, name in made])


def _record_objects(file: _File) -> _Step:
    made = sorted(set(_objects(file)))
    return _statement(_RECORD_OBJECTS, file.name, [kind for kind, _ in made], [name for _, name in made])


def _of(applied: "_Applied") -> str:
    """The path of an applied migration under the root."""
    return f"migrations/{applied.name}"


def _record_migration(migration: _Migration) -> _Step:
    file = migration.file
    return _statement(_RECORD_MIGRATION, migration.version, _base_name(file.name), file.checksum)


def _record_repeatable(file: _File) -> _Step:
    return _statement(_RECORD_REPEATABLE, file.name, file.checksum)


def _render_export(title: str, steps: Sequence[_Step]) -> str:
    """The text of one migration for the Supabase CLI, which runs each file in a transaction of its own."""
    return "\n".join([_EXPORTED.format(title), *(_render(step) for step in [_statement(_SETTINGS, "5s"), *steps])])


def _pending_migrations(tree: _Tree, record: _Record) -> list[_Migration]:
    """The migrations to apply. Raises MigrationError if an applied migration differs from its file."""
    files = {migration.version: migration.file for migration in tree.migrations}
    for version, applied in record.migrations.items():
        if version not in files:
            raise MigrationError(
                f"migrations/{applied.name} was applied to this database but has no file: "
                "the files are of an older release, or of another branch"
            )
        if files[version].checksum != applied.checksum:
            raise MigrationError(
                f"{files[version].name} was changed after it was applied: restore it and put the change into "
                "a new migration"
            )
    pending = [migration for migration in tree.migrations if migration.version not in record.migrations]
    newest = max(record.migrations, default="")
    for migration in pending:
        if migration.version < newest:
            raise MigrationError(
                f"{migration.file.name} is older than migrations/{record.migrations[newest].name}, which is "
                "applied already: rename it with a newer timestamp"
            )
    return pending


def _versions_to_roll_back(record: _Record, to: str | None, steps: int) -> list[str]:
    """The versions that `down` rolls back, newest first."""
    newest_first = sorted(record.migrations, reverse=True)
    if to is None:
        return newest_first[: max(steps, 0)]
    if to != "0" and to not in record.migrations:
        raise MigrationError(f"the version {to} is not applied to this database")
    return [version for version in newest_first if version > to]


def _rollback_of(tree: _Tree, applied: _Applied) -> _File:
    if applied.name not in tree.rollbacks:
        raise MigrationError(f"migrations/{applied.name} cannot be rolled back: it has no file in rollbacks/")
    return tree.rollbacks[applied.name]


def _drop_repeatables(files: Sequence[_File]) -> str:
    """Statements that drop the functions, triggers and policies of the files, and nothing else.

    There are no overloads, so the name identifies a function. The functions depend on each other, so one statement
    drops them all; PostgreSQL refuses it, and names the objects of others that depend on one of them. The grants of the
    policy files stay. They open nothing: a table with row level security and no policy shows no row.
    """
    statements = []
    for pattern, kind in ((_POLICY, "policy"), (_TRIGGER, "trigger")):
        for file in files:
            found = pattern.finditer(file.text)
            statements += [f"drop {kind} if exists {match['name']} on {match['table']};" for match in found]
    routines = [match["name"] for file in files for match in _ROUTINE.finditer(file.text)]
    if routines:
        statements.append(f"drop routine if exists {', '.join(routines)};")
    return "\n".join(statements)


def _drop_private_schema(conn: psycopg.Connection) -> None:
    try:
        with conn.transaction():
            conn.execute("drop schema if exists tenantry")
    except psycopg.errors.DependentObjectsStillExist as exc:
        logger.info("the schema tenantry is kept: %s", exc.diag.message_detail)


def _statement(template: LiteralString, *values: str | list[str]) -> _Step:
    return _Step(sql.SQL(template).format(*values).as_bytes(None))


def _render(step: _Step) -> str:
    text = step.sql.decode().strip()
    # A file may omit its last semicolon, as `up` sends it alone. Here more text follows.
    text += "\n" if text.endswith(";") else "\n;\n"
    return f"-- {step.file.name}\n{text}" if step.file else text


def _compare(kind: Kind, file: _File | None, applied: _Applied | None) -> FileStatus:
    if file is None:
        assert applied is not None, "a name comes from a file or from the record"  # noqa: S101
        name = f"migrations/{applied.name}" if kind == "versioned" else applied.name
        return FileStatus(name, kind, "missing", applied.applied_at)
    if applied is None:
        return FileStatus(file.name, kind, "pending", None)
    state: State = "applied" if applied.checksum == file.checksum else "changed"
    return FileStatus(file.name, kind, state, applied.applied_at)


@contextmanager
def _transaction(conninfo: str) -> Iterator[psycopg.Connection]:
    """A connection in one transaction. It commits at the end, unless an exception is raised."""
    with psycopg.connect(conninfo, prepare_threshold=None, fallback_application_name="tenantry migrate") as conn:
        # The record is read after the wait for the lock. It must show the changes of the run before.
        conn.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        conn.add_notice_handler(_log_notice)
        yield conn


def _log_notice(diagnostic: psycopg.errors.Diagnostic) -> None:
    # A NOTICE is mostly "does not exist, skipping". WARNING and INFO are rare and more important.
    level = logging.DEBUG if diagnostic.severity_nonlocalized == "NOTICE" else logging.INFO
    logger.log(level, "%s: %s", diagnostic.severity, diagnostic.message_primary)


def _read_record(conn: psycopg.Connection) -> _Record:
    row = conn.execute("select pg_catalog.to_regclass('tenantry.schema_migrations') is not null").fetchone()
    if row != (True,):
        return _Record(False, {}, {})
    migrations = conn.execute(
        "select version, name, checksum, applied_at from tenantry.schema_migrations order by version"
    )
    repeatables = conn.execute("select path, checksum, applied_at from tenantry.repeatable_migrations order by path")
    return _Record(
        True,
        {version: _Applied(*rest) for version, *rest in migrations},
        {path: _Applied(path, *rest) for path, *rest in repeatables},
    )


def _run(conn: psycopg.Connection, steps: Sequence[_Step]) -> None:
    """Send the steps one by one. Raises MigrationError if a step ended the transaction."""
    transaction = _transaction_id(conn)
    for step in steps:
        if step.file:
            logger.debug("running %s", step.file.name)
        _execute(conn, step)
        if step.file and _transaction_id(conn) != transaction:
            raise MigrationError(
                f"{step.file.name} ended the transaction that it runs in: take out its begin, commit and "
                "rollback. The steps before it may be committed already"
            )


def _transaction_id(conn: psycopg.Connection) -> object:
    return conn.execute("select pg_catalog.pg_current_xact_id()::text").fetchone()


def _execute(conn: psycopg.Connection, step: _Step) -> None:
    try:
        # Without parameters psycopg sends the text unchanged, with several statements and with any %.
        conn.execute(step.sql)
    except psycopg.Error as exc:
        where = step.file.name if step.file else "the runner's own SQL"
        if step.file and exc.diag.statement_position:
            before = step.file.text[: int(exc.diag.statement_position) - 1]
            where += f", line {before.count(chr(10)) + 1}"
        remedy = ""
        if isinstance(exc, psycopg.errors.DependentObjectsStillExist):
            # PostgreSQL's own hint is a DROP … CASCADE.
            raise MigrationError(
                f"{where}: objects of others depend on objects that go. Nothing has changed. Drop them first, and "
                f"create them again after the next `up`:\n{exc.diag.message_detail}"
            ) from exc
        if isinstance(exc, psycopg.errors.LockNotAvailable):
            remedy = "\nAnother session holds that lock: try again later, or with a longer lock_timeout"
        raise MigrationError(f"{where}: {str(exc).strip()}{remedy}") from exc
