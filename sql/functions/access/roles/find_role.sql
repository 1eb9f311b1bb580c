-- Finds a role by id or by name, among the roles that the caller can see. The name of an own role is own:<id>.
--
-- Raises: TN001 without a name, TN002.
create or replace function tenantry.find_role(p_role text) returns public.roles
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role public.roles;
begin
    if coalesce(p_role, '') = '' then
        perform tenantry.fail_invalid('role', 'is required');
    end if;
    select * into v_role
    from public.roles as r
    where r.id = case when tenantry.is_uuid(p_role) then p_role::uuid end or r.name = p_role;
    if not found then
        perform tenantry.fail_not_found('role', p_role);
    end if;
    return v_role;
end
$$;

comment on function tenantry.find_role(text) is 'The role of that id or name. Raises TN001 (none given), TN002.';
revoke all on function tenantry.find_role from public, anon, authenticated, service_role;
grant execute on function tenantry.find_role to authenticated, service_role;
