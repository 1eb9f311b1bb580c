"""Reads functions, tables and types with their comments from the catalog of a migrated database."""

from dataclasses import dataclass, field

import psycopg
from psycopg.rows import class_row, dict_row

API_ROLES = ("anon", "authenticated", "service_role")

COMMON = {
    "id": "Id of the row.",
    "organization_id": "The organization.",
    "name": "The name.",
    "description": "Description for people.",
    "metadata": "The caller's own data.",
    "created_at": "When the row was created.",
    "updated_at": "When the row was last changed.",
}
"""Columns that mean the same in every table, and need no comment."""

_FUNCTIONS = """
select
    p.proname::text as name,
    pg_get_function_arguments(p.oid) as arguments,
    pg_get_function_result(p.oid) as result,
    p.provolatile <> 'v' as is_read,
    coalesce(obj_description(p.oid, 'pg_proc'), '') as comment,
    array(select r from unnest(%(roles)s::text[]) as r where has_function_privilege(r, p.oid, 'execute')) as roles
from pg_proc as p
where p.pronamespace = 'public'::regnamespace
  and not exists (select from pg_depend as d where d.objid = p.oid and d.deptype = 'e')
order by p.proname
"""

_TABLES = """
select
    c.oid::int8 as oid,
    c.relnamespace::regnamespace::text as schema,
    c.relname::text as name,
    c.relkind = 'c' as is_type,
    coalesce(obj_description(c.oid, 'pg_class'), obj_description(c.reltype, 'pg_type'), '') as comment
from pg_class as c
where c.relnamespace in ('public'::regnamespace, 'tenantry'::regnamespace) and c.relkind in ('r', 'c')
order by schema, name
"""

_COLUMNS = """
select
    a.attname::text as name,
    format_type(a.atttypid, a.atttypmod) as type,
    not a.attnotnull as is_nullable,
    case
        when a.attidentity <> '' then 'identity'
        else coalesce(pg_get_expr(d.adbin, d.adrelid), '')
    end as default,
    coalesce(
        col_description(a.attrelid, a.attnum),
        (
            select 'Refers to ' || k.confrelid::regclass || '.' from pg_constraint as k
            where k.conrelid = a.attrelid and k.contype = 'f' and a.attnum = any (k.conkey)
            order by cardinality(k.conkey), k.conname limit 1
        ),
        ''
    ) as comment
from pg_attribute as a
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""

_CONSTRAINTS = """
select pg_get_constraintdef(k.oid) as definition
from pg_constraint as k
where k.conrelid = %s and k.contype in ('p', 'u', 'f', 'c', 'x')
order by array_position(array['p', 'u', 'f', 'x', 'c'], k.contype::text), k.conname
"""

# The columns of a privilege that covers some columns only are named.
_PRIVILEGES = """
select r.role, lower(p.privilege) as privilege,
       case when not has_table_privilege(r.role, %(table)s::oid, p.privilege) then array(
           select a.attname::text from pg_attribute as a
           where a.attrelid = %(table)s::oid and a.attnum > 0 and not a.attisdropped
             and has_column_privilege(r.role, a.attrelid, a.attnum, p.privilege)
           order by a.attnum
       ) else '{}' end as columns
from unnest(%(roles)s::text[]) with ordinality as r (role, position)
cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) with ordinality as p (privilege, position)
where has_table_privilege(r.role, %(table)s::oid, p.privilege)
   or p.privilege <> 'DELETE' and has_any_column_privilege(r.role, %(table)s::oid, p.privilege)
order by r.position, p.position
"""

_POLICIES = """
select
    p.polname::text as name,
    case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
        else 'all' end as command,
    array(select o::regrole::text from unnest(p.polroles) as o where o <> 0 order by 1) as roles,
    coalesce(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), '') as condition
from pg_policy as p
where p.polrelid = %s
order by p.polname
"""


@dataclass(frozen=True)
class Function:
    """A function of schema public. roles: the API roles that may execute it."""

    name: str
    arguments: str
    result: str
    is_read: bool
    comment: str
    roles: list[str]


@dataclass(frozen=True)
class Column:
    """A column of a table, or an attribute of a type."""

    name: str
    type: str
    is_nullable: bool
    default: str
    comment: str


@dataclass(frozen=True)
class Privilege:
    """The privileges of a role on a table; columns: empty for all."""

    role: str
    privilege: str
    columns: list[str]


@dataclass(frozen=True)
class Policy:
    """A policy of a table; roles: empty for all. condition: SQL that is true for the rows."""

    name: str
    command: str
    roles: list[str]
    condition: str


@dataclass
class Table:
    """A table, or a composite type."""

    oid: int
    schema: str
    name: str
    is_type: bool
    comment: str
    columns: list[Column] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    privileges: list[Privilege] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)


@dataclass(frozen=True)
class Catalog:
    """Everything in the schemas public and tenantry that the reference lists, by name."""

    functions: list[Function]
    tables: list[Table]
    types: list[Table]


def read(conninfo: str) -> Catalog:
    """The catalog. Raises ValueError with a sentence for everything that has no comment."""
    roles = {"roles": list(API_ROLES)}
    with psycopg.connect(conninfo) as connection:
        # Names are then written with their schema wherever PostgreSQL writes one.
        connection.execute("set local search_path = ''")
        functions = connection.cursor(row_factory=class_row(Function)).execute(_FUNCTIONS, roles).fetchall()
        tables = connection.cursor(row_factory=class_row(Table)).execute(_TABLES).fetchall()
        for table in tables:
            key = [table.oid]
            table.columns = connection.cursor(row_factory=class_row(Column)).execute(_COLUMNS, key).fetchall()
            if table.is_type:
                continue
            rows = connection.cursor(row_factory=dict_row).execute(_CONSTRAINTS, key)
            table.constraints = [row["definition"] for row in rows]
            table.privileges = (
                connection.cursor(row_factory=class_row(Privilege))
                .execute(_PRIVILEGES, {"table": table.oid, **roles})
                .fetchall()
            )
            table.policies = connection.cursor(row_factory=class_row(Policy)).execute(_POLICIES, key).fetchall()
    _check(functions, tables)
    return Catalog(
        functions, [table for table in tables if not table.is_type], [table for table in tables if table.is_type]
    )


def _check(functions: list[Function], tables: list[Table]) -> None:
    missing = [f"function public.{each.name}" for each in functions if not each.comment]
    missing += [
        f"{'type' if each.is_type else 'table'} {each.schema}.{each.name}" for each in tables if not each.comment
    ]
    missing += [
        f"column {table.schema}.{table.name}.{column.name}"
        for table in tables
        for column in table.columns
        if not (table.is_type or column.comment or column.name in COMMON)
    ]
    if missing:
        raise ValueError(
            "\n".join(f"{name} has no comment: add a COMMENT ON beside its definition" for name in missing)
        )
