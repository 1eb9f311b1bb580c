-- Returns the account of an organization, for a function that reads credits.
--
-- Raises: TN001 (no organization), TN002, 42501 (without credits:read in the organization).
create or replace function tenantry.read_account(p_organization_id uuid) returns public.organizations
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_account public.organizations;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('credits:read', p_organization_id);
    select * into v_account from public.organizations where id = p_organization_id;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    end if;
    return v_account;
end
$$;

comment on function tenantry.read_account(uuid) is
    'Returns the organization''s row to a holder of credits:read there. Raises TN001, TN002, 42501.';
revoke all on function tenantry.read_account from public, anon, authenticated, service_role;
