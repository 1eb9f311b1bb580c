-- The permissions of which each allows another: that one itself, and those with a * in place of its resource, its
-- action or both.
--
-- p_permission: resource:action. It pins no search_path, so that it becomes a part of the expression that asks it.
create or replace function tenantry.permissions_granting(p_permission text) returns text[]
language sql immutable
return array[
    p_permission,
    split_part(p_permission, ':', 1) || ':*',
    '*:' || split_part(p_permission, ':', 2),
    '*:*'
];

comment on function tenantry.permissions_granting(text) is
    'The permissions (resource:action) of which each allows p_permission.';
revoke all on function tenantry.permissions_granting from public, anon, authenticated, service_role;
