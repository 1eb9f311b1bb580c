"""Takes over a database to which the files were applied without the runner: by hand, or by another tool."""

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tenantry import drift, migrate, record
from tenantry.record import Fact, Record
from tenantry.sql_files import MigrationError, Step, Tree, read_tree, statement

LOCK_TIMEOUT = "5s"
"""How long one statement may wait for a lock that another session holds."""


def take_over(conninfo: str, root: Path | None = None, *, reference: str | None = None) -> list[str]:
    """Write the record of a database to which the files were applied by other means, if its catalog is that of `up`.

    The catalog to compare with is that of a temporary database in the same cluster: PostgreSQL of one version prints
    one definition in one way. Seeds are applied, because the catalog cannot show whether their rows are there.

    Args:
        conninfo: libpq URL or connection string, of the owner of the database, who may create databases.
        root: the SQL root; the package's own when None.
        reference: libpq URL or connection string of an empty database to use in place of a temporary one. The files are
            applied to it.

    Returns:
        The recorded files, as paths under the root.

    Raises:
        MigrationError: the database has a record, or has none of the objects, or differs (the message lists the
            differences); then nothing has changed.
    """
    tree = read_tree(root)
    with migrate.transaction(conninfo) as conn:
        _read_empty_record(conn)
    with _reference(conninfo, reference) as empty:
        migrate.up(empty, root)
        with migrate.transaction(empty) as conn:
            expected = record.read_catalog(conn, "record")
    with migrate.transaction(conninfo) as conn:
        migrate.execute(conn, statement(migrate.TAKE_LOCK))
        make_tables = [] if _read_empty_record(conn).exists else [record.create()]
        make_tables.append(record.define_facts())
        files = [*(migration.file for migration in tree.migrations), *tree.repeatables]
        name_objects = [record.record_objects(file) for file in files]
        migrate.run(conn, [statement(migrate.SETTINGS, LOCK_TIMEOUT), *make_tables, *name_objects])
        current = record.read_catalog(conn, "catalog")
        expected = _without_supplied(expected, current)
        _refuse_differences(tree, expected, current)
        record.write_catalog(conn, expected, current)
        migrate.run(
            conn,
            [
                *(record.record_migration(migration) for migration in tree.migrations),
                *(record.record_repeatable(file) for file in tree.repeatables),
                *(Step(file.content, file) for file in tree.repeatables if file.name.startswith("seeds/")),
            ],
        )
    return [file.name for file in files]


def _read_empty_record(conn: psycopg.Connection) -> Record:
    recorded = record.read(conn)
    if recorded.migrations or recorded.repeatables:
        raise MigrationError("this database has a record already: run `tenantry doctor`")
    return recorded


@contextmanager
def _reference(conninfo: str, given: str | None) -> Iterator[str]:
    """The connection string of an empty database: the given one, or a temporary one in the cluster of the database."""
    if given:
        yield given
        return
    name = f"tenantry_reference_{secrets.token_hex(6)}"
    with psycopg.connect(conninfo, autocommit=True) as conn:
        try:
            make = sql.SQL("create database {} template template0 encoding 'UTF8'")
            conn.execute(make.format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            raise MigrationError(
                f"{conn.info.user} may not create the database with which `baseline` compares: give it CREATEDB, or"
                " name an empty database by --reference"
            ) from None
        try:
            yield make_conninfo(conninfo, dbname=name)
        finally:
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _without_supplied(expected: Sequence[Fact], current: Sequence[Fact]) -> list[Fact]:
    """The expected facts, without the schema auth if the database has another one, such as Supabase's."""
    if any((fact.kind, fact.name) == ("schema", "auth") for fact in current):
        return list(expected)
    return [fact for fact in expected if fact.kind == "trigger" or not re.search(r"(^| )auth(\.|$)", fact.object)]


def _refuse_differences(tree: Tree, expected: Sequence[Fact], current: Sequence[Fact]) -> None:
    found = drift.differences(expected, current)
    if not found:
        return
    if not {fact.name for fact in expected if fact.kind == "table"} & {fact.name for fact in current}:
        raise MigrationError("this database has no table of Tenantry: run `tenantry migrate up`")
    repair = drift.plan_repair(tree, found)
    lines = []
    for difference in found:
        files = ", ".join(file.name for file in repair.files.get(difference, ()))
        lines.append(f"  - {difference.finding(f'apply {files}' if files else None)}")
    raise MigrationError("\n".join(["this database differs from the files. Nothing has changed:", *lines]))
