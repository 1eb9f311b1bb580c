"""Applies and rolls back the plain SQL files of an SQL root folder.

    migrations/<14-digit timestamp>_<name>.sql   versioned: applied once, in order
    rollbacks/<same file name>.sql               rolls that migration back
    roles/, functions/, api/, triggers/, policies/, seeds/
                                                 repeatable: applied again whenever their content changes

Each call is one transaction under one lock. It happens whole or not at all, and two calls at the same time queue. A run
that cannot get a lock of another session at once gives all its locks back, and begins again a moment later.

The record of the database (record.py) has the applied files, each with its SHA-256, and the objects that they made.
`up` replaces no object that is not recorded, and `down` drops none that others made.

`export_supabase` writes the same files and records for the Supabase CLI, which then applies them.

A database that cannot be reached, or that refuses the login, raises psycopg's own `OperationalError`.
"""

import logging
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import psycopg
from psycopg import sql

from tenantry import drift, record
from tenantry.record import Applied, Record
from tenantry.sql_files import (
    DEMO_SEED,
    File,
    Made,
    Migration,
    MigrationError,
    Step,
    Tree,
    base_name,
    default_root,
    objects_of,
    read_tree,
    render,
    statement,
)

logger = logging.getLogger(__name__)

Kind = Literal["versioned", "repeatable"]
State = Literal["applied", "pending", "changed", "missing"]

# The role's own timeouts must not interrupt the wait for another run, nor an index build on a large table. The wait
# has no limit, as it ends with that run. The key of the advisory lock is the bytes of the word "tenantry".
_TAKE_KEY = """\
set local statement_timeout = 0;
set local lock_timeout = 0;
select pg_catalog.pg_advisory_xact_lock(8387231245791425145);
"""

# Every login can hold an advisory lock, and nobody but the owner this lock on a table. So the key is only for a
# database that has no table yet. A query of pg_class sees a table that another run made meanwhile, and to_regclass()
# may not.
TAKE_LOCK = """\
set local statement_timeout = 0;
set local lock_timeout = 0;
do $$
declare
    c_record constant text := 'select exists (select from pg_catalog.pg_class as c'
        ' join pg_catalog.pg_namespace as n on n.oid = c.relnamespace'
        ' where n.nspname = ''tenantry'' and c.relname = ''schema_migrations'')';
    v_exists boolean;
begin
    execute c_record into v_exists;
    if not v_exists then
        perform pg_catalog.pg_advisory_xact_lock(8387231245791425145);
        execute c_record into v_exists;
    end if;
    if v_exists then
        lock table tenantry.schema_migrations in share row exclusive mode;
    end if;
end
$$;
"""

# With an empty search_path, a name without its schema fails in every database.
SETTINGS = """\
set local lock_timeout = {};
set local client_encoding = 'UTF8';
set local search_path = '';
"""

# Functions may then call functions of later files.
_UNCHECKED_BODIES = "set local check_function_bodies = off;"

# The head of a bundle.
_BUNDLE = """\
-- All files of Tenantry for an empty database, written by `tenantry migrate bundle`.
-- Apply it with: psql -1 -v ON_ERROR_STOP=1 -f
"""

# Without a transaction, the lock is gone by now.
_GUARD = """\
do $guard$
begin
    if not exists (
        select from pg_catalog.pg_locks as l
        where l.locktype = 'advisory' and l.pid = pg_catalog.pg_backend_pid()
          and l.classid::bigint << 32 | l.objid::bigint = 8387231245791425145
    ) then
        raise exception 'this file needs one transaction: psql -1 -v ON_ERROR_STOP=1 -f';
    end if;
    if pg_catalog.to_regclass('tenantry.schema_migrations') is not null then
        raise exception 'this database has Tenantry already: run `tenantry migrate up`';
    end if;
end
$guard$;
"""

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


LOCK_WAIT = 60.0
"""Seconds for which a run begins again while another session holds a lock that it needs."""

# A run that waits for a table blocks the later statements on it, and can be part of a deadlock. PostgreSQL ends one
# transaction of a deadlock after a second (deadlock_timeout). A run gives up earlier, so that no caller is ended.
_LOCK_TIMEOUT = "100ms"
# The wait of a text that a person applies, who begins again by hand.
_LOCK_TIMEOUT_OF_TEXTS = "5s"
_PAUSES = (0.1, 0.2, 0.5, 1.0)

# Callers lock this table first.
_FIRST_LOCKED = ("public", "organizations")

# Sessions whose transaction began some time ago. One of them is likely to hold the lock that a run cannot get.
_LONG_TRANSACTIONS = """\
select a.pid, coalesce(nullif(a.application_name, ''), a.usename),
    pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - a.xact_start)::text, a.state
from pg_catalog.pg_stat_activity as a
where a.datname = pg_catalog.current_database() and a.pid <> pg_catalog.pg_backend_pid()
  and a.xact_start < pg_catalog.clock_timestamp() - interval '100 ms'
order by a.xact_start
limit 3
"""


class FileStatus(NamedTuple):
    """One line of `status`. applied_at: None for a file that is not applied."""

    name: str
    kind: Kind
    state: State
    applied_at: datetime | None


def up(
    conninfo: str,
    root: Path | None = None,
    *,
    to: str | None = None,
    repair: bool = False,
    lock_wait: float = LOCK_WAIT,
) -> list[str]:
    """Apply every pending migration, then the repeatable files that are new or changed.

    Args:
        conninfo: libpq URL or connection string, of a role that may create the objects of the files.
        root: the SQL root; the package's own when None.
        to: the last version to apply. Repeatable files belong to the newest schema, so they are applied only
            when no migration is left pending.
        repair: whether to apply also the repeatable files of functions, triggers, policies, rights and roles that
            differ from the record, and to bring row-level security back.
        lock_wait: seconds for which the run begins again while another session holds a lock that it needs.

    Returns:
        The files applied, as paths under the root; empty when there was nothing to do.

    Raises:
        MigrationError: a file fails, or differs from the applied one; then nothing is applied. Or a file ended the
            transaction; then the changes that it committed stay.
    """
    tree = read_tree(root)

    def apply(conn: psycopg.Connection) -> list[str]:
        execute(conn, statement(TAKE_LOCK))
        steps = _plan_up(conn, tree, to, _LOCK_TIMEOUT, repair=repair)
        run(conn, steps)
        return [step.file.name for step in steps if step.file]

    return _until_locked(conninfo, lock_wait, apply)


def plan(
    conninfo: str,
    root: Path | None = None,
    *,
    to: str | None = None,
    repair: bool = False,
) -> str:
    """Return the SQL that `up` would run now, or an empty string when there is nothing to do. Changes nothing.

    The text is for people to read, and `psql -1 -v ON_ERROR_STOP=1 -f` can apply it. Arguments and errors are those of
    `up`.
    """
    tree = read_tree(root)
    with transaction(conninfo) as conn:
        steps = _plan_up(conn, tree, to, _LOCK_TIMEOUT_OF_TEXTS, repair=repair)
    if not steps:
        return ""
    return "\n".join(render(step) for step in [statement(TAKE_LOCK), *steps])


def bundle(root: Path | None = None) -> str:
    """Return one SQL file that does to an empty database what `up` does, and leaves the same record.

    `psql -1 -v ON_ERROR_STOP=1 -f` applies it. It refuses a database that has a record, and psql without a transaction.
    Raises MigrationError if a file has a wrong name or text.
    """
    nothing = Record(exists=False, migrations={}, repeatables={})
    first, *steps = _steps_up(read_tree(root), nothing, None, _LOCK_TIMEOUT_OF_TEXTS)
    return "\n".join([_BUNDLE, *(render(step) for step in [statement(_TAKE_KEY), first, statement(_GUARD), *steps])])


def roles(root: Path | None = None) -> str:
    """Return the SQL that makes the roles, for an administrator to run before the first `up`.

    Raises MigrationError if a file has a wrong name or text.
    """
    return "\n".join(file.text for file in read_tree(root).roles)


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
    tree = read_tree(root)
    with transaction(conninfo) as conn:
        return compare_files(tree, record.read(conn))


def compare_files(tree: Tree, recorded: Record) -> list[FileStatus]:
    """The state of every file of a tree, as `status` returns it."""
    files = {migration.version: migration.file for migration in tree.migrations}
    versioned = [
        _compare("versioned", files.get(version), recorded.migrations.get(version))
        for version in sorted(files.keys() | recorded.migrations.keys())
    ]
    repeatables = {file.name: file for file in tree.repeatables}
    paths = [*repeatables, *(path for path in recorded.repeatables if path not in repeatables)]
    return versioned + [_compare("repeatable", repeatables.get(path), recorded.repeatables.get(path)) for path in paths]


def down(
    conninfo: str,
    root: Path | None = None,
    *,
    to: str | None = None,
    steps: int = 1,
    lock_wait: float = LOCK_WAIT,
) -> list[str]:
    """Roll back the newest migrations, and drop all functions and policies, which belong to the newest schema.

    Until the next `up` (usually of an older release) the database has no functions and no policies. If objects of
    others depend on an object that goes, nothing is rolled back.

    Args:
        conninfo: libpq URL or connection string.
        root: the SQL root; the package's own when None.
        to: roll back every version newer than this one; "0" rolls back all, and drops the record.
        steps: number of versions to roll back without `to`.
        lock_wait: seconds for which the run begins again while another session holds a lock that it needs.

    Returns:
        The rollback files run, as paths under the root; empty when there was nothing to roll back.

    Raises:
        MigrationError: a version has no rollback file, a file fails, `to` is not applied, or objects of others depend
            on an object that goes (the message names them); then nothing is rolled back. Or a file ended the
            transaction; then the changes that it committed stay.
    """
    tree = read_tree(root)

    def roll_back(conn: psycopg.Connection) -> list[str]:
        execute(conn, statement(TAKE_LOCK))
        recorded = record.read(conn)
        versions = _versions_to_roll_back(recorded, to, steps)
        rollbacks = [_rollback_of(tree, recorded.migrations[version]) for version in versions]
        if not versions:
            return []
        complete = len(versions) == len(recorded.migrations)
        # The oldest rollback may drop the schema of the record.
        forgotten = (
            record.drop()
            if complete
            else record.forget(versions, [_of(recorded.migrations[version]) for version in versions])
        )
        made = [each for file in tree.repeatables for each in objects_of(file)]
        steps_down = [
            _lock_tables([each for each in made if _exists(conn, each.table)]),
            _drop_repeatables(made),
            forgotten,
            *(Step(file.content, file) for file in rollbacks),
        ]
        if not complete:
            steps_down = [record.define_facts(), record.begin(), *steps_down, record.end([])]
        run(conn, [statement(SETTINGS, _LOCK_TIMEOUT), *steps_down])
        if complete:
            _drop_private_schema(conn)
        return [file.name for file in rollbacks]

    return _until_locked(conninfo, lock_wait, roll_back)


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
    tree = read_tree(root)
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
    first = [record.refuse_others([*unexported, *changed]), record.define_facts()]

    new: dict[str, str] = {}
    for migration in tree.migrations:
        file = migration.file
        if migration.version in exported:
            if exported[migration.version] != file.checksum:
                raise MigrationError(f"{file.name} was changed after it was exported to {target}")
            continue
        if migration.version in taken:
            raise MigrationError(f"{target / taken[migration.version]} has the timestamp of {file.name}: rename it")
        steps = [*first, record.begin(), *record.apply_migration(migration), record.end([file])]
        first = []
        if migration is tree.migrations[0]:
            steps.insert(0, record.create())
        new[base_name(file.name)] = _render_export(f"{file.name} of Tenantry.", steps)

    if changed:
        steps = [
            *first,
            record.begin(),
            statement(_UNCHECKED_BODIES),
            *_apply_repeatables(changed),
            record.end(changed),
        ]
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
        conn.execute(((root or default_root()) / DEMO_SEED).read_bytes())


def _plan_up(conn: psycopg.Connection, tree: Tree, to: str | None, lock_timeout: str, *, repair: bool) -> list[Step]:
    """The steps that `up` runs after it has the lock; empty when there is nothing to do."""
    recorded = record.read(conn)
    if not repair or not recorded.exists:
        return _steps_up(tree, recorded, to, lock_timeout)
    execute(conn, statement(SETTINGS, lock_timeout))
    found = drift.plan_repair(tree, drift.compare(conn))
    files = {file for some in found.files.values() for file in some}
    if tree.roles and drift.role_faults(conn):
        files.update(tree.roles)
    return _steps_up(tree, recorded, to, lock_timeout, files, list(found.steps.values()))


def _steps_up(
    tree: Tree,
    recorded: Record,
    to: str | None,
    lock_timeout: str,
    drifted: Collection[File] = (),
    further: Sequence[Step] = (),
) -> list[Step]:
    """The steps of `up`. drifted: repeatable files that are applied in any case. further: steps after all files."""
    pending = _pending_migrations(tree, recorded)
    repeatables = [
        file
        for file in tree.repeatables
        if (applied := recorded.repeatables.get(file.name)) is None
        or applied.checksum != file.checksum
        or file in drifted
    ]
    if to is not None:
        if to not in {migration.version for migration in tree.migrations}:
            raise MigrationError(f"no migration has the version {to}")
        if any(migration.version > to for migration in pending):
            pending = [migration for migration in pending if migration.version <= to]
            repeatables = []
    if not pending and not repeatables and not further:
        return []

    steps = [statement(SETTINGS, lock_timeout)]
    if not recorded.exists:
        steps.append(record.create())
    files = [*(migration.file for migration in pending), *repeatables]
    steps += [record.refuse_others(files), record.define_facts(), record.begin()]
    for migration in pending:
        steps += record.apply_migration(migration)
    if repeatables:
        steps.append(statement(_UNCHECKED_BODIES))
    return [*steps, *_apply_repeatables(repeatables), *further, record.end(files)]


def _apply_repeatables(files: Sequence[File]) -> list[Step]:
    """The steps that apply the files in their order.

    Before the first trigger or policy they lock all tables of these files at once. Without that, they would lock the
    tables one by one, in another order than callers, and each for the time of the steps that follow.
    """
    steps = []
    made = [each for file in files for each in objects_of(file)]
    is_locked = False
    for file in files:
        if not is_locked and file.name.startswith(("triggers/", "policies/")):
            steps.append(_lock_tables(made))
            is_locked = True
        steps += record.apply_repeatable(file)
    return steps


def _lock_tables(made: Sequence[Made]) -> Step:
    """Locks the tables of triggers and policies. Callers may read a table while only its triggers change."""
    closed = {each.table for each in made if each.kind == "policy"}
    written = {each.table for each in made if each.kind == "trigger"}
    statements = [
        sql.SQL(f"    lock table {{}} in {mode} mode;").format(
            sql.SQL(", ").join(
                sql.Identifier(*table) for table in sorted(tables, key=lambda table: (table != _FIRST_LOCKED, table))
            )
        )
        for mode, tables in (("access exclusive", closed), ("share row exclusive", written - closed))
        if tables
    ]
    # A block, because the Supabase CLI sends each statement without a BEGIN, and PostgreSQL then refuses LOCK TABLE.
    return Step(sql.SQL("\n").join([sql.SQL("do $$\nbegin"), *statements, sql.SQL("end\n$$;")]).as_bytes(None))


def _of(applied: "Applied") -> str:
    """The path of an applied migration under the root."""
    return f"migrations/{applied.name}"


def _render_export(title: str, steps: Sequence[Step]) -> str:
    """The text of one migration for the Supabase CLI, which runs each file in a transaction of its own."""
    return "\n".join(
        [_EXPORTED.format(title), *(render(step) for step in [statement(SETTINGS, _LOCK_TIMEOUT_OF_TEXTS), *steps])]
    )


def _pending_migrations(tree: Tree, recorded: Record) -> list[Migration]:
    """The migrations to apply. Raises MigrationError if an applied migration differs from its file."""
    files = {migration.version: migration.file for migration in tree.migrations}
    for version, applied in recorded.migrations.items():
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
    pending = [migration for migration in tree.migrations if migration.version not in recorded.migrations]
    newest = max(recorded.migrations, default="")
    for migration in pending:
        if migration.version < newest:
            raise MigrationError(
                f"{migration.file.name} is older than migrations/{recorded.migrations[newest].name}, which is "
                "applied already: rename it with a newer timestamp"
            )
    return pending


def _versions_to_roll_back(recorded: Record, to: str | None, steps: int) -> list[str]:
    """The versions that `down` rolls back, newest first."""
    newest_first = sorted(recorded.migrations, reverse=True)
    if to is None:
        return newest_first[: max(steps, 0)]
    if to != "0" and to not in recorded.migrations:
        raise MigrationError(f"the version {to} is not applied to this database")
    return [version for version in newest_first if version > to]


def _rollback_of(tree: Tree, applied: Applied) -> File:
    if applied.name not in tree.rollbacks:
        raise MigrationError(f"migrations/{applied.name} cannot be rolled back: it has no file in rollbacks/")
    return tree.rollbacks[applied.name]


def _exists(conn: psycopg.Connection, table: tuple[str, str]) -> bool:
    return conn.execute("select pg_catalog.to_regclass(%s) is not null", [".".join(table)]).fetchone() == (True,)


def _drop_repeatables(made: Sequence[Made]) -> Step:
    """Drops the functions, triggers and policies that the files made, and nothing else.

    There are no overloads, so the name identifies a function. The functions depend on each other, so one statement
    drops them all; PostgreSQL refuses it, and names the objects of others that depend on one of them. The grants of the
    policy files stay. They open nothing: a table with row level security and no policy shows no row.
    """
    statements = [
        sql.SQL(f"drop {kind} if exists {{}};").format(each.identifier)
        for kind in ("policy", "trigger")
        for each in made
        if each.kind == kind
    ]
    routines = [each.identifier for each in made if each.kind == "function"]
    if routines:
        statements.append(sql.SQL("drop routine if exists {};").format(sql.SQL(", ").join(routines)))
    return Step(sql.SQL("\n").join(statements).as_bytes(None))


def _drop_private_schema(conn: psycopg.Connection) -> None:
    try:
        with conn.transaction():
            conn.execute("drop schema if exists tenantry")
    except psycopg.errors.DependentObjectsStillExist as exc:
        logger.info("the schema tenantry is kept: %s", exc.diag.message_detail)


def _compare(kind: Kind, file: File | None, applied: Applied | None) -> FileStatus:
    if file is None:
        assert applied is not None, "a name comes from a file or from the record"  # noqa: S101
        name = f"migrations/{applied.name}" if kind == "versioned" else applied.name
        return FileStatus(name, kind, "missing", applied.applied_at)
    if applied is None:
        return FileStatus(file.name, kind, "pending", None)
    state: State = "applied" if applied.checksum == file.checksum else "changed"
    return FileStatus(file.name, kind, state, applied.applied_at)


def _until_locked(conninfo: str, lock_wait: float, work: Callable[[psycopg.Connection], list[str]]) -> list[str]:
    """Do the work in a transaction, and again while another session holds a lock that it needs."""
    end = time.monotonic() + lock_wait
    pauses = iter(_PAUSES)
    while True:
        try:
            with transaction(conninfo) as conn:
                return work(conn)
        except MigrationError as error:
            if not isinstance(error.__cause__, (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)):
                raise
            pause = next(pauses, _PAUSES[-1])
            others = _describe_long_transactions(conninfo)
            if time.monotonic() + pause > end:
                raise MigrationError(f"{error}\nNothing has changed. {others}") from error
            logger.info("waiting for a lock. %s", others)
        time.sleep(pause)


def _describe_long_transactions(conninfo: str) -> str:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        found = conn.execute(_LONG_TRANSACTIONS).fetchall()
    if not found:
        return "Other sessions hold the lock: try again later, or with a longer --lock-wait."
    listed = ", ".join(f"{pid} ({name}, {age}, {state})" for pid, name, age, state in found)
    return f"End the long transactions, or try again later. Their sessions: {listed}."


@contextmanager
def transaction(conninfo: str) -> Iterator[psycopg.Connection]:
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


def run(conn: psycopg.Connection, steps: Sequence[Step]) -> None:
    """Send the steps one by one. Raises MigrationError if a step ended the transaction."""
    transaction = _transaction_id(conn)
    for step in steps:
        if step.file:
            logger.debug("running %s", step.file.name)
        execute(conn, step)
        if step.file and _transaction_id(conn) != transaction:
            raise MigrationError(
                f"{step.file.name} ended the transaction that it runs in: take out its begin, commit and "
                "rollback. The steps before it may be committed already"
            )


def _transaction_id(conn: psycopg.Connection) -> object:
    return conn.execute("select pg_catalog.pg_current_xact_id()::text").fetchone()


def execute(conn: psycopg.Connection, step: Step) -> None:
    """Send a step. Raises MigrationError, with its file and line, if it fails."""
    try:
        # Without parameters psycopg sends the text unchanged, with several statements and with any %.
        conn.execute(step.sql)
    except psycopg.Error as exc:
        where = step.file.name if step.file else "the runner's own SQL"
        if step.file and exc.diag.statement_position:
            before = step.file.text[: int(exc.diag.statement_position) - 1]
            where += f", line {before.count(chr(10)) + 1}"
        if isinstance(exc, psycopg.errors.DependentObjectsStillExist):
            # PostgreSQL's own hint is a DROP … CASCADE.
            raise MigrationError(
                f"{where}: objects of others depend on objects that go. Nothing has changed. Drop them first, and "
                f"create them again after the next `up`:\n{exc.diag.message_detail}"
            ) from exc
        raise MigrationError(f"{where}: {str(exc).strip()}") from exc
