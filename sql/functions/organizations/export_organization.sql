-- Returns all data of an organization, one object for each row: {"table": …, "row": {…}}. Secrets are left out.
--
-- Raises: TN001, TN002.
-- Callers: the owner of the schema.
create or replace function tenantry.export_organization(p_organization_id uuid) returns setof jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_table record;
begin
    perform tenantry.require_organization(p_organization_id);
    for v_table in select * from tenantry.organization_tables() as t order by t.place loop
        return query execute format(
            'select jsonb_build_object(''table'', %L::text, ''row'', to_jsonb(t) - $2) from %s as t where %s',
            v_table.name, v_table.name, v_table.condition)
            using p_organization_id, v_table.secrets;
    end loop;
end
$$;

comment on function tenantry.export_organization(uuid) is
    'Returns all rows of an organization as objects {"table": …, "row": {…}}, without secrets. Raises TN001, TN002.';
revoke all on function tenantry.export_organization from public, anon, authenticated, service_role;
