-- Returns the automatic top-up of an organization.
--
-- Raises: TN001, TN002 (it has none), 42501.
-- Callers: holders of billing:read in the organization.
create or replace function tenantry.get_auto_top_up(p_organization_id uuid) returns public.auto_top_up
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_auto_top_up public.auto_top_up;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('billing:read', p_organization_id);
    v_auto_top_up := tenantry.present_auto_top_up(p_organization_id);
    if v_auto_top_up.organization_id is null then
        perform tenantry.fail_not_found('auto_top_up', p_organization_id::text);
    end if;
    return v_auto_top_up;
end
$$;

comment on function tenantry.get_auto_top_up(uuid) is 'Checks billing:read, and returns the automatic top-up.';
revoke all on function tenantry.get_auto_top_up from public, anon, authenticated, service_role;
grant execute on function tenantry.get_auto_top_up to authenticated, service_role;

create or replace function public.get_auto_top_up(organization_id uuid default null) returns public.auto_top_up
language sql stable
return tenantry.get_auto_top_up(organization_id);

comment on function public.get_auto_top_up(uuid) is
    'The automatic top-up of an organization: threshold, product, monthly cap, and payments in this month. Raises'
    ' TN001, TN002 (it has none), 42501.';
revoke all on function public.get_auto_top_up from public, anon, authenticated, service_role;
grant execute on function public.get_auto_top_up to authenticated, service_role;
