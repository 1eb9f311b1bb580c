-- Returns the faults of the schema that the server cannot see by itself: private functions that are missing or that no
-- role may execute any more, and tables of which row-level security hides every row from service_role. The first make
-- calls fail, and the second make them answer as if there were no rows. `tenantry doctor` finds all other differences.
--
-- Callers: the service role, for the health of the server and before it verifies ledgers.
create or replace function tenantry.find_faults(
    out object text,
    out fault text,
    out hides_rows boolean
) returns setof record
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Without the record, as after the files were applied by hand, nothing is known of the right state.
    if to_regclass('tenantry.catalog_record') is null then
        return;
    end if;

    return query
    with there as materialized (
        select p.oid, format('tenantry.%s(%s)', p.proname, oidvectortypes(p.proargtypes)) as name
        from pg_proc as p
        where p.pronamespace = 'tenantry'::regnamespace
    )
    select 'function ' || r.name, case when t.oid is null then 'is missing' else 'may be executed by no role' end, false
    from tenantry.catalog_record as r
    left join there as t on t.name = r.name
    where r.kind = 'function' and r.aspect = 'rights' and r.object like 'tenantry.%'
        and (
            t.oid is null
            or r.value <> '' and not exists (
                select from string_to_table(r.value, ' ') as recorded (entry)
                join pg_roles as g on g.rolname = split_part(entry, ':', 1)
                where has_function_privilege(g.oid, t.oid, 'execute')
            )
        );

    return query
    select 'table ' || r.name, 'shows service_role no row', true
    from tenantry.catalog_record as r
    join pg_class as c on c.oid = to_regclass(r.name) and c.relrowsecurity
    join pg_roles as g on g.rolname = 'service_role' and not g.rolsuper and not g.rolbypassrls
    where r.kind = 'table' and r.aspect = 'rights'
        and has_table_privilege(g.oid, c.oid, 'select')
        and not exists (
            select from pg_policy as p
            where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*')
                and p.polroles && array[0::oid, g.oid]
        );
end
$$;

comment on function tenantry.find_faults() is
    'Returns private functions that are missing or that no role may execute, and tables that show service_role no row.';
revoke all on function tenantry.find_faults from public, anon, authenticated, service_role;
grant execute on function tenantry.find_faults to service_role;
