-- Returns every permission that allows a given one: the permission itself, and those with * for its resource, its
-- action or both.
--
-- This is the only place with the meaning of *. The function pins no search_path, so that the planner makes it part of
-- the expression that calls it.
--
-- p_permission: resource:action.
create or replace function tenantry.permissions_granting(p_permission text) returns text[]
language sql immutable
return array[
    p_permission,
    split_part(p_permission, ':', 1) || ':*',
    '*:' || split_part(p_permission, ':', 2),
    '*:*'
];

comment on function tenantry.permissions_granting(text) is
    'Every permission (resource:action) that allows p_permission.';
revoke all on function tenantry.permissions_granting from public, anon, authenticated, service_role;
