-- The organizations in which a user holds a role that allows something, once for each such role; null: everywhere.
--
-- p_allowed_by: of permissions_granting(), worked out by who asks, once and not for each role. This function pins no
-- search_path, so that it becomes a part of the query that asks it. Locks and raises nothing. Callers: definer
-- functions.
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
