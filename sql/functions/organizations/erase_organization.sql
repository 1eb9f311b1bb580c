-- Erases an organization: deletes all its rows, its ledger, bills and audit log included.
--
-- Each call deletes p_limit rows at most, so no transaction is long. Call it until it returns true. The first call
-- marks the organization in tenantry.erasures, and there is no way back. Data at Stripe stays.
--
-- p_limit: rows at most.
-- Returns whether the organization is erased.
-- Locks: the organization's row.
-- Raises: TN001, TN002, TN051 (it is in use).
-- Callers: the owner of the schema.
create or replace function tenantry.erase_organization(
    p_organization_id uuid,
    p_limit integer default 10000
) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_organization public.organizations;
    v_table record;
    v_left integer := p_limit;
    v_count integer;
begin
    select * into v_organization from public.organizations as o where o.id = p_organization_id for update;
    if not found then
        if tenantry.is_erased(p_organization_id) then
            return true;
        end if;
        perform tenantry.require_organization(p_organization_id);
    end if;
    if not tenantry.is_erased(p_organization_id) then
        perform tenantry.require_erasable(v_organization);
        insert into tenantry.erasures (organization_id) values (p_organization_id);
        -- Nothing falls due any more.
        update public.organizations as o
        set credits_settle_at = 'infinity', auto_top_up_threshold = null
        where o.id = p_organization_id;
    end if;

    for v_table in
        select * from tenantry.organization_tables() as t
        where t.name <> 'public.organizations'
        order by t.place desc
    loop
        execute format(
            'delete from %1$s as d where d.ctid = any (array(select t.ctid from %1$s as t where %2$s limit $2))',
            v_table.name, v_table.condition)
            using p_organization_id, v_left;
        get diagnostics v_count = row_count;
        v_left := v_left - v_count;
        if v_left <= 0 then
            return false;
        end if;
    end loop;
    delete from public.organizations as o where o.id = p_organization_id;
    -- The deletions above have made entries of their own.
    delete from tenantry.audit_log as l where l.organization_id = p_organization_id;
    update tenantry.erasures as e set finished_at = now() where e.organization_id = p_organization_id;
    return true;
end
$$;

comment on function tenantry.erase_organization(uuid, integer) is
    'Deletes rows of an organization, its ledger included, and at last the organization. Returns whether all are gone.'
    ' Raises TN001, TN002, TN051 (in use).';
revoke all on function tenantry.erase_organization from public, anon, authenticated, service_role;
