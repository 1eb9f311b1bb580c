-- Changes a role's name or description. The name of an own role is its display name.
--
-- Locks: the role's row.
-- Raises: TN001, TN002, TN021 (system role), 23505 (name taken), 42501.
-- Callers: holders of roles:manage in the role's organization, or everywhere for a global role. They hold every
-- permission of the role, too.
create or replace function tenantry.update_role(
    p_role text,
    p_name text,
    p_description text,
    p_update_mask text[]
) returns public.roles
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changes jsonb;
    v_role public.roles;
begin
    v_changes := tenantry.masked_values(
        p_update_mask, jsonb_build_object('name', p_name, 'description', p_description));
    v_role := tenantry.lock_role(p_role);
    -- A caller must not change the name of a role that allows more than they hold.
    perform tenantry.require_grantable_role(v_role.id, v_role.organization_id);
    if v_changes ? 'name' then
        v_changes := v_changes - 'name' || jsonb_build_object(
            case when v_role.organization_id is null then 'name' else 'display_name' end,
            tenantry.normalize_role_name(p_name, v_role.organization_id, v_role.id));
    end if;
    v_role := jsonb_populate_record(v_role, v_changes);
    update public.roles
    set name = v_role.name,
        display_name = v_role.display_name,
        description = v_role.description
    where id = v_role.id
    returning * into v_role;
    return v_role;
end
$$;

comment on function tenantry.update_role(text, text, text, text[]) is
    'Checks roles:manage, the permissions of the role and the name, and updates the role.';
revoke all on function tenantry.update_role from public, anon, authenticated, service_role;
grant execute on function tenantry.update_role to authenticated, service_role;

create or replace function public.update_role(
    role text default null,
    name text default null,
    description text default null,
    update_mask text[] default null
) returns public.roles
language sql volatile
return tenantry.update_role(role, name, description, update_mask);

comment on function public.update_role(text, text, text, text[]) is
    'Changes a role. role: id or name. name: the display_name of an own role. update_mask: the fields to set; without'
    ' a mask, the fields that have a value. Raises TN001, TN002, TN021 (system role), 23505 (name taken), 42501.';
revoke all on function public.update_role from public, anon, authenticated, service_role;
grant execute on function public.update_role to authenticated, service_role;
