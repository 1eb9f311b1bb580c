-- Creates a role without permissions: a global role, or an own role of an organization.
--
-- p_organization_id: the organization of an own role; null for a global role.
--
-- Raises: TN001, TN002, 23505 (name taken), 42501.
-- Callers: holders of roles:manage in the organization, or everywhere for a global role.
create or replace function tenantry.create_role(
    p_name text,
    p_description text,
    p_organization_id uuid
) returns public.roles
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id constant uuid := gen_random_uuid();
    v_name text;
    v_role public.roles;
begin
    perform tenantry.authorize('roles:manage', p_organization_id);
    v_name := tenantry.normalize_role_name(p_name, p_organization_id);
    if p_organization_id is null then
        insert into public.roles (name, description) values (v_name, p_description) returning * into v_role;
        return v_role;
    end if;
    perform tenantry.require_organization(p_organization_id);
    insert into public.roles (id, name, description, organization_id, display_name)
    values (v_id, 'own:' || v_id, p_description, p_organization_id, v_name)
    returning * into v_role;
    return v_role;
end
$$;

comment on function tenantry.create_role(text, text, uuid) is 'Checks roles:manage and the name, and creates the role.';
revoke all on function tenantry.create_role from public, anon, authenticated, service_role;
grant execute on function tenantry.create_role to authenticated, service_role;

create or replace function public.create_role(
    name text default null,
    description text default null,
    organization_id uuid default null
) returns public.roles
language sql volatile
return tenantry.create_role(name, description, organization_id);

comment on function public.create_role(text, text, uuid) is
    'Creates a role without permissions. name: up to 50 characters, unique, and not alike to the name of another role'
    ' of all; stored normalized (NFKC) and trimmed. organization_id: makes it an own role of that organization, visible'
    ' and assignable only there; the name is then its display_name, unique there. Raises TN001, TN002, 23505 (name'
    ' taken), 42501.';
revoke all on function public.create_role from public, anon, authenticated, service_role;
grant execute on function public.create_role to authenticated, service_role;
