"""Finds the faults of a database: in the record, the files, the roles, the catalog and the rows that can be seen."""

from collections.abc import Iterable
from pathlib import Path

import psycopg

from tenantry import drift, migrate, record
from tenantry.drift import Finding
from tenantry.migrate import FileStatus
from tenantry.sql_files import read_tree

UP = "run `tenantry migrate up`"
RELEASE = "use the release whose files were applied"

# The tables of the record: whether each is there, and whether the login sees its rows. A count of them would fail for a
# login that may not read them.
_RECORD = """
select t.name, c.oid is not null,
    pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')
    and not pg_catalog.row_security_active(c.oid)
from unnest(%s::text[]) as t (name)
left join pg_catalog.pg_namespace as n on n.nspname = 'tenantry'
left join pg_catalog.pg_class as c on c.relname = t.name and c.relnamespace = n.oid
"""

# Every run records files and facts.
_IS_EMPTY = """
select name from (values
    ('schema_migrations', exists (select from tenantry.schema_migrations)),
    ('catalog_record', exists (select from tenantry.catalog_record))
) as t (name, has_rows)
where not has_rows
"""

_HAS_PLPGSQL = "select from pg_catalog.pg_extension where extname = 'plpgsql'"

_HIDDEN_ROWS = "select object, fault from tenantry.find_faults() where hides_rows"
_FINDS_HIDDEN_ROWS = "function tenantry.find_faults()"


def examine(conninfo: str, root: Path | None = None) -> list[Finding]:
    """Return the faults of a database. Changes nothing.

    Args:
        conninfo: libpq URL or connection string, of the owner of the database or a superuser.
        root: the SQL root; the package's own when None.

    Raises:
        MigrationError: the root has no migrations, or the name or text of a file is invalid.
    """
    tree = read_tree(root)
    with migrate.transaction(conninfo) as conn:
        if found := _record_faults(conn):
            return found
        differences = drift.compare(conn)
        repair = drift.plan_repair(tree, differences)
        found = [
            *_file_faults(migrate.compare_files(tree, record.read(conn))),
            *(drift.role_faults(conn) if tree.roles else ()),
            *(each.finding(drift.REPAIR if repair.mends(each) else None) for each in differences),
        ]
        if not conn.execute(_HAS_PLPGSQL).rowcount:
            found.append(Finding("extension plpgsql", "is missing", "run `create extension plpgsql`"))
        if tree.roles and _FINDS_HIDDEN_ROWS not in {finding.object for finding in found}:
            hidden = conn.execute(_HIDDEN_ROWS).fetchall()
            found += [Finding(name, fault, drift.REPAIR) for name, fault in hidden]
        return found


def _record_faults(conn: psycopg.Connection) -> list[Finding]:
    """The faults for which nothing else can be found."""
    rows = conn.execute(_RECORD, [list(record.TABLES)]).fetchall()
    if not any(exists for _, exists, _ in rows):
        remedy = f"{UP}; if its objects are there already, run `tenantry migrate baseline`"
        return [Finding("record", "this database has none of Tenantry", remedy)]
    remedy = "drop the other tables of the record, and run `tenantry migrate baseline`"
    missing = [Finding(f"table tenantry.{name}", "is missing", remedy) for name, exists, _ in rows if not exists]
    fault, remedy = f"{conn.info.user} may not read it", "use the login of the owner of the database, or a superuser"
    unread = [Finding(f"table tenantry.{name}", fault, remedy) for name, exists, sees in rows if exists and not sees]
    if missing or unread:
        return missing or unread
    remedy = "drop the tables of the record, and run `tenantry migrate baseline`"
    return [Finding(f"table tenantry.{name}", "is empty", remedy) for (name,) in conn.execute(_IS_EMPTY)]


def _file_faults(files: Iterable[FileStatus]) -> list[Finding]:
    """One line for all files of a state."""
    names: dict[tuple[str, str], list[str]] = {}
    for file in files:
        # A release may leave out a repeatable file of an older one.
        if file.state != "applied" and (file.kind, file.state) != ("repeatable", "missing"):
            remedy = RELEASE if file.kind == "versioned" and file.state != "pending" else UP
            names.setdefault((file.state, remedy), []).append(file.name)
    return [
        Finding(f"file {some[0]}" + (f" and {len(some) - 1} more" if some[1:] else ""), f"{state}", remedy)
        for (state, remedy), some in names.items()
    ]
