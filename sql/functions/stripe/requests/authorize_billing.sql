-- Checks that the caller can manage the billing of an existing organization. Every call that makes an organization pay
-- starts with it.
--
-- Raises: TN001 (no organization_id), TN002, 42501 (no billing:manage in the organization).
create or replace function tenantry.authorize_billing(p_organization_id uuid) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('billing:manage', p_organization_id);
    perform tenantry.require_organization(p_organization_id);
end
$$;

comment on function tenantry.authorize_billing(uuid) is
    'Raises TN001, TN002 or 42501 unless the caller holds billing:manage in the organization.';
revoke all on function tenantry.authorize_billing from public, anon, authenticated, service_role;
