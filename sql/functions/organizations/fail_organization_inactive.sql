-- Raises TN012: the organization is not active.
create or replace function tenantry.fail_organization_inactive(p_organization_id uuid) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.fail(
        'TN012', 'the organization is not active', jsonb_build_object('organization_id', p_organization_id));
end
$$;

comment on function tenantry.fail_organization_inactive(uuid) is 'Raises TN012: the organization is not active.';
revoke all on function tenantry.fail_organization_inactive from public, anon, authenticated, service_role;
