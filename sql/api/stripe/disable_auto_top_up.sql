-- Turns off the automatic top-up of an organization. A payment that is under way continues. Without an automatic top-up
-- the call changes nothing.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, 42501.
-- Callers: holders of billing:manage in the organization.
create or replace function tenantry.disable_auto_top_up(p_organization_id uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.authorize_billing(p_organization_id);
    update public.organizations as o set auto_top_up_threshold = null where o.id = p_organization_id;
    delete from tenantry.auto_top_ups as t where t.organization_id = p_organization_id;
end
$$;

comment on function tenantry.disable_auto_top_up(uuid) is 'Checks billing:manage, and deletes the automatic top-up.';
revoke all on function tenantry.disable_auto_top_up from public, anon, authenticated, service_role;
grant execute on function tenantry.disable_auto_top_up to authenticated, service_role;

create or replace function public.disable_auto_top_up(organization_id uuid default null) returns void
language sql volatile
begin atomic
    select tenantry.disable_auto_top_up(organization_id);
end;

comment on function public.disable_auto_top_up(uuid) is
    'Turns off the automatic top-up of an organization. Raises TN001, TN002, 42501.';
revoke all on function public.disable_auto_top_up from public, anon, authenticated, service_role;
grant execute on function public.disable_auto_top_up to authenticated, service_role;
