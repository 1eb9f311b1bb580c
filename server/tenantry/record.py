"""The record that a database keeps of Tenantry, in tables of the schema `tenantry`.

    schema_migrations       the migrations that are applied
    repeatable_migrations   the repeatable files as they were last applied
    installed_objects       the objects that the files made: no others are replaced or dropped
    catalog_record          the definition and rights of each of these objects

A run takes a snapshot of the catalog before its first file and compares it with the catalog after its last. It writes
to `catalog_record` all that it has changed, and all of the objects whose files it applied. So columns and indexes that
others added never get into it, and a change that others made to an object stays visible after later runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString, NamedTuple

import psycopg

from tenantry.sql_files import File, Migration, Step, base_name, granted_in, objects_of, statement

TABLES = ("schema_migrations", "repeatable_migrations", "installed_objects", "catalog_record")

_CREATE = """\
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
create table tenantry.catalog_record (
    kind text not null,
    name text not null,
    object text not null,
    aspect text not null,
    value text not null,
    constraint catalog_record_pkey primary key (kind, name, aspect)
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
comment on table tenantry.catalog_record is 'The catalog as the files left it, for `tenantry doctor`.';
comment on column tenantry.catalog_record.kind is
    'schema, function, table, view, type, column, constraint, index, trigger or policy.';
comment on column tenantry.catalog_record.name is
    'Name with its schema, and of a function with the types of its arguments.';
comment on column tenantry.catalog_record.object is
    'Name in tenantry.installed_objects of the object, or of the table that it is a part of.';
comment on column tenantry.catalog_record.aspect is 'The recorded property, such as definition or rights.';
comment on column tenantry.catalog_record.value is
    'The property as text; of a function with a quoted body, the MD5 of its definition.';
revoke all on
    tenantry.schema_migrations, tenantry.repeatable_migrations, tenantry.installed_objects, tenantry.catalog_record
from public;
alter table tenantry.schema_migrations enable row level security;
alter table tenantry.repeatable_migrations enable row level security;
alter table tenantry.installed_objects enable row level security;
alter table tenantry.catalog_record enable row level security;
-- Default privileges may give rights to others.
do $revoke$
declare
    v_grant record;
begin
    for v_grant in
        select distinct c.oid::pg_catalog.regclass as table_name, a.grantee::pg_catalog.regrole as role_name
        from pg_catalog.pg_class as c, pg_catalog.aclexplode(c.relacl) as a
        where c.relnamespace = 'tenantry'::pg_catalog.regnamespace
          and c.relname in ('schema_migrations', 'repeatable_migrations', 'installed_objects', 'catalog_record')
          and a.grantee not in (0, c.relowner)
    loop
        execute pg_catalog.format('revoke all on %s from %s', v_grant.table_name, v_grant.role_name);
    end loop;
end
$revoke$;
"""

# Settings on which the text of definitions depends, as in the function catalog_facts().
SETTINGS = """\
set local search_path = '';
set local datestyle = 'ISO';
set local intervalstyle = 'postgres';
set local timezone = 'UTC';
set local quote_all_identifiers = off;
"""


def _rights(acl: LiteralString, condition: LiteralString = "true") -> LiteralString:
    """The rights in an access list of the roles that the files name, as role:RIGHT with a blank between two.

    Rights of the owner and of other roles are the business of the DBA.
    """
    return f"""coalesce((
        select string_agg(coalesce(g.rolname, 'public') || ':' || x.privilege_type, ' '
            order by g.rolname collate "C" nulls first, x.privilege_type)
        from aclexplode({acl}) as x
        left join pg_roles as g on g.oid = x.grantee
        where (
            x.grantee = 0
            or g.rolname in ('anon', 'authenticated', 'service_role', 'tenantry_server', 'pg_monitor')
        )
            and {condition}
    ), '')"""  # noqa: S608 - the parts are constants


def _owner(column: LiteralString) -> LiteralString:
    return f"case {column} when home.nspowner then 'the owner of the schema tenantry' else {column}::regrole::text end"


# Every fact about the objects of the files, and about the schema auth if Tenantry supplied it: kind, name, object,
# aspect, value. NOT NULL belongs to the column: PostgreSQL 18 alone has constraints for it. The primary keys and unique
# constraints stand for their indexes.
FACTS: LiteralString = f"""\
with supplied as (
    select oid from pg_namespace
    where obj_description(oid, 'pg_namespace') = 'Supplied by Tenantry in place of Supabase Auth.'
), home as (
    select nspowner from pg_namespace where nspname = 'tenantry'
), relation as materialized (
    select c.*, i.kind, n.nspname || '.' || c.relname as name
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    left join tenantry.installed_objects as i
        on i.kind in ('table', 'view', 'type') and i.name = n.nspname || '.' || c.relname
    where i.kind is not null or c.relkind = 'r' and n.oid in (table supplied)
), owned_table as (
    select * from relation where relkind in ('r', 'p')
)
select 'schema' as kind, n.nspname::text as name, n.nspname::text as object, 'rights' as aspect,
    {_rights("coalesce(n.nspacl, acldefault('n', n.nspowner))", "(n.nspname <> 'public' or x.grantee <> 0)")} as value
from pg_namespace as n
where n.nspname in ('tenantry', 'public') or n.oid in (table supplied)

union all
select 'function', format('%s.%s(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)),
    n.nspname || '.' || p.proname, f.aspect, f.value
from pg_proc as p
cross join home
join pg_namespace as n on n.oid = p.pronamespace
cross join lateral (values
    -- PostgreSQL keeps the text of a quoted body, and prints a body in standard SQL from its parse tree.
    ('definition', case
        when p.prosqlbody is null then md5(pg_get_functiondef(p.oid)) else pg_get_functiondef(p.oid)
    end),
    ('rights', {_rights("coalesce(p.proacl, acldefault('f', p.proowner))")}),
    ('owner', {_owner("p.proowner")})
) as f (aspect, value)
where p.prokind in ('f', 'p') and (
    n.oid in (table supplied)
    or exists (
        select from tenantry.installed_objects as i
        where i.kind = 'function' and i.name = n.nspname || '.' || p.proname
    )
)

union all
select case when r.relkind in ('r', 'p') then 'table' else r.kind end, r.name, r.name, f.aspect, f.value
from relation as r
cross join home
cross join lateral (values
    ('definition', case r.relkind
        when 'v' then concat_ws(' ', r.reloptions, pg_get_viewdef(r.oid))
        when 'c' then (
            select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
            from pg_attribute as a
            where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
        )
    end),
    ('persistence', case when r.relkind = 'r' then
        case r.relpersistence when 'p' then 'logged' else 'unlogged' end
    end),
    ('row security', case when r.relkind in ('r', 'p') then
        case when not r.relrowsecurity then 'off' when r.relforcerowsecurity then 'forced' else 'on' end
    end),
    ('rights', case when r.relkind <> 'c' then {_rights("coalesce(r.relacl, acldefault('r', r.relowner))")} end),
    ('owner', {_owner("r.relowner")})
) as f (aspect, value)
where f.value is not null

union all
select 'column', r.name || '.' || a.attname, r.name, f.aspect, f.value
from owned_table as r
join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef as d on d.adrelid = r.oid and d.adnum = a.attnum
cross join lateral (values
    ('definition', concat_ws(' ',
        format_type(a.atttypid, a.atttypmod),
        (select format('collate %I', l.collname) from pg_collation as l, pg_type as t
         where l.oid = a.attcollation and t.oid = a.atttypid and t.typcollation <> l.oid),
        case when a.attnotnull then 'not null' end,
        case a.attidentity when 'a' then 'generated always as identity' when 'd' then 'generated as identity' end,
        case a.attgenerated when '' then 'default ' else 'generated always as ' end
            || pg_get_expr(d.adbin, r.oid)
    )),
    ('rights', {_rights("a.attacl")})
) as f (aspect, value)

union all
select 'constraint', format('%s on %s', k.conname, r.name), r.name, f.aspect, f.value
from owned_table as r
join pg_constraint as k on k.conrelid = r.oid and k.contype in ('p', 'u', 'f', 'c', 'x')
cross join lateral (values
    ('definition', pg_get_constraintdef(k.oid)),
    ('triggers', case when exists (
        select from pg_trigger as t where t.tgconstraint = k.oid and t.tgenabled in ('D', 'R')
    ) then 'disabled' else 'enabled' end)
) as f (aspect, value)

union all
select 'index', format('%s on %s', c.relname, r.name), r.name, 'definition',
    pg_get_indexdef(x.indexrelid) || case when x.indisvalid then '' else ' (invalid)' end
from owned_table as r
join pg_index as x on x.indrelid = r.oid
join pg_class as c on c.oid = x.indexrelid
where not exists (select from pg_constraint as k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))

union all
select 'trigger', i.name, i.name, f.aspect, f.value
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_namespace as n on n.oid = c.relnamespace
join tenantry.installed_objects as i
    on i.kind = 'trigger' and i.name = format('%s on %s.%s', t.tgname, n.nspname, c.relname)
cross join lateral (values
    ('definition', pg_get_triggerdef(t.oid)),
    ('state', case t.tgenabled when 'O' then 'enabled' when 'A' then 'enabled always' when 'R' then
        'enabled on replicas alone' else 'disabled' end)
) as f (aspect, value)
where not t.tgisinternal

union all
select 'policy', p.name, p.name, 'definition', p.definition
from (
    select p.polrelid, format('%s on %s.%s', p.polname, n.nspname, c.relname) as name,
        concat_ws(' ',
            case when p.polpermissive then 'permissive' else 'restrictive' end,
            case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
                else 'all' end,
            'to', (
                select string_agg(coalesce(g.rolname, 'public'), ', ' order by g.rolname collate "C")
                from unnest(p.polroles) as o (role) left join pg_roles as g on g.oid = o.role
            ),
            'using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
            'with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'
        ) as definition
    from pg_policy as p
    join pg_class as c on c.oid = p.polrelid
    join pg_namespace as n on n.oid = c.relnamespace
) as p
where p.polrelid in (select r.oid from relation as r where r.relnamespace in (table supplied))
    or exists (select from tenantry.installed_objects as i where i.kind = 'policy' and i.name = p.name)
"""  # noqa: S608 - the parts are constants

# The quoted body keeps the function restorable where a later PostgreSQL has other catalogs.
_DEFINE_FACTS: LiteralString = f"""\
create or replace function tenantry.catalog_facts()
returns table (kind text, name text, object text, aspect text, value text)
language sql stable
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
set intervalstyle = 'postgres'
set timezone = 'UTC'
set quote_all_identifiers = off
as $facts$
{FACTS}$facts$;
comment on function tenantry.catalog_facts() is 'Returns the catalog as it is, in the form of tenantry.catalog_record.';
do $revoke$
declare
    v_role text;
begin
    for v_role in
        select case a.grantee when 0 then 'public' else a.grantee::pg_catalog.regrole::text end
        from pg_catalog.pg_proc as p
        cross join pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
        where p.oid = 'tenantry.catalog_facts()'::pg_catalog.regprocedure and a.grantee <> p.proowner
    loop
        execute pg_catalog.format('revoke all on function tenantry.catalog_facts() from %s', v_role);
    end loop;
end
$revoke$;
"""  # noqa: S608 - the parts are constants

_BEGIN = """\
create temporary table tenantry_before on commit drop as select * from tenantry.catalog_facts();
"""

# Records the facts that the run has added, and the recorded ones that it has changed. A function, trigger or policy of
# an applied file is recorded as it is now, and so are the rights that an applied file gives.
_END = """\
with after as materialized (
    select * from tenantry.catalog_facts()
), fresh as (
    select a.* from after as a
    left join pg_temp.tenantry_before as b using (kind, name, aspect)
    left join tenantry.catalog_record as r using (kind, name, aspect)
    where b.value is null
        or r.value is not null and a.value <> b.value
        or a.kind in ('function', 'trigger', 'policy') and a.object = any ({})
        or a.aspect = 'rights' and a.object = any ({}) and (r.value is not null or a.kind <> 'column')
), gone as (
    delete from tenantry.catalog_record as r
    where not exists (select from after as a where (a.kind, a.name, a.aspect) = (r.kind, r.name, r.aspect))
        and (r.object = any ({}) or exists (
            select from pg_temp.tenantry_before as b where (b.kind, b.name, b.aspect) = (r.kind, r.name, r.aspect)
        ))
)
insert into tenantry.catalog_record (kind, name, object, aspect, value)
select kind, name, object, aspect, value from fresh
on conflict (kind, name, aspect) do update set object = excluded.object, value = excluded.value;
drop table pg_temp.tenantry_before;
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

_RECORD_REPEATABLE = """\
insert into tenantry.repeatable_migrations (path, checksum) values ({}, {})
on conflict (path) do update set checksum = excluded.checksum, applied_at = now();
"""

_FORGET_SOME = """\
delete from tenantry.schema_migrations where version = any ({});
delete from tenantry.repeatable_migrations;
delete from tenantry.installed_objects where path !~ '^migrations/' or path = any ({});
"""

_WRITE_CATALOG = "copy tenantry.catalog_record (kind, name, object, aspect, value) from stdin"

_DROP: LiteralString = (
    f"drop function if exists tenantry.catalog_facts(); drop table {', '.join(f'tenantry.{name}' for name in TABLES)};"
)


class Applied(NamedTuple):
    """An applied file. name: of a migration, the name of its file; of a repeatable file, its path."""

    name: str
    checksum: str
    applied_at: datetime


@dataclass(frozen=True)
class Record:
    """The files that a database records as applied: migrations by version (oldest first), repeatables by path.

    exists: whether the database has the tables of the record.
    """

    exists: bool
    migrations: dict[str, Applied]
    repeatables: dict[str, Applied]


class Fact(NamedTuple):
    """A property of an object in the catalog, as in tenantry.catalog_record."""

    kind: str
    name: str
    object: str
    aspect: str
    value: str


def create() -> Step:
    """Makes the tables of the record."""
    return statement(_CREATE)


def forget(versions: list[str], migrations: list[str]) -> Step:
    """Removes migrations, given by version and by path, and all repeatable files from the record."""
    return statement(_FORGET_SOME, versions, migrations)


def drop() -> Step:
    """Drops the tables of the record."""
    return statement(_DROP)


def refuse_others(files: Sequence[File]) -> Step:
    """Raises an error if an object that the files make is there already and is not recorded."""
    made = [each for file in files for each in objects_of(file)]
    return statement(_REFUSE_OTHERS, [each.kind for each in made], [each.name for each in made])


def define_facts() -> Step:
    """Defines the function that begin() and end() call, as this release has it."""
    return statement(_DEFINE_FACTS)


def begin() -> Step:
    """Keeps the catalog as it is before the first file."""
    return statement(_BEGIN)


def end(files: Sequence[File]) -> Step:
    """Records the catalog as it is after the last file. files: the applied files."""
    made = sorted({each.name for file in files for each in objects_of(file)})
    granted = sorted({name for file in files for name in granted_in(file)})
    return statement(_END, made, granted, made)


def apply_migration(migration: Migration) -> list[Step]:
    """Runs a migration and records it."""
    file = migration.file
    return [Step(file.content, file), record_objects(file), record_migration(migration)]


def apply_repeatable(file: File) -> list[Step]:
    """Runs a repeatable file and records it."""
    return [Step(file.content, file), record_objects(file), record_repeatable(file)]


def record_migration(migration: Migration) -> Step:
    """Records a migration as applied."""
    file = migration.file
    return statement(_RECORD_MIGRATION, migration.version, base_name(file.name), file.checksum)


def record_repeatable(file: File) -> Step:
    """Records a repeatable file as applied."""
    return statement(_RECORD_REPEATABLE, file.name, file.checksum)


def record_objects(file: File) -> Step:
    """Records the objects that a file makes."""
    made = sorted({(each.kind, each.name) for each in objects_of(file)})
    return statement(_RECORD_OBJECTS, file.name, [kind for kind, _ in made], [name for _, name in made])


def read_catalog(conn: psycopg.Connection, source: Literal["record", "catalog"]) -> list[Fact]:
    """The catalog as it is recorded, or as it is now."""
    conn.execute(SETTINGS)
    query = "select kind, name, object, aspect, value from tenantry.catalog_record" if source == "record" else FACTS
    return [Fact(*row) for row in conn.execute(query)]


def write_catalog(conn: psycopg.Connection, expected: Sequence[Fact], current: Sequence[Fact]) -> None:
    """Records the current facts of the objects that are expected."""
    names = {(fact.kind, fact.name) for fact in expected}
    with conn.cursor() as cursor, cursor.copy(_WRITE_CATALOG) as copy:
        for fact in current:
            if (fact.kind, fact.name) in names:
                copy.write_row(fact)


def read(conn: psycopg.Connection) -> Record:
    """The applied files."""
    row = conn.execute("select pg_catalog.to_regclass('tenantry.schema_migrations') is not null").fetchone()
    if row != (True,):
        return Record(False, {}, {})
    # The client reads times in this form alone.
    conn.execute("set local datestyle = 'ISO'")
    migrations = conn.execute(
        "select version, name, checksum, applied_at from tenantry.schema_migrations order by version"
    )
    repeatables = conn.execute("select path, checksum, applied_at from tenantry.repeatable_migrations order by path")
    return Record(
        True,
        {version: Applied(*rest) for version, *rest in migrations},
        {path: Applied(path, *rest) for path, *rest in repeatables},
    )
