-- Returns the organizations in which a user holds a role that has one of some permissions, once for each such role.
-- A null stands for everywhere.
--
-- The function pins no search_path, so that the planner makes it part of the query that calls it.
--
-- p_allowed_by: the answer of permissions_granting(). The caller computes it once, and not once for each role.
--
-- Callers: definer functions. It takes no lock and raises no error.
create or replace function tenantry.organizations_granting(p_user_id uuid, p_allowed_by text[]) returns setof uuid
language sql stable
begin atomic
    select ur.organization_id
    from public.user_roles as ur
    join tenantry.role_grants as g on g.role_id = ur.role_id
    where ur.user_id = p_user_id
      and (g.organization_id is null or g.organization_id = ur.organization_id)
      and g.permissions && p_allowed_by;
end;

comment on function tenantry.organizations_granting(uuid, text[]) is
    'Ids of the organizations in which the user holds a role with one of these permissions; null: everywhere.';
revoke all on function tenantry.organizations_granting from public, anon, authenticated, service_role;
