-- Answers many questions at once: whether a user holds each of many permissions in each of many organizations.
--
-- Raises: TN001 (no pair, or more than 10000 pairs), 42501 (for another user without members:read in each
-- organization).
-- Callers: any signed-in user for themselves; holders of members:read in each organization for other users.
create or replace function tenantry.batch_check_permissions(
    p_organization_ids uuid[],
    p_permissions text[],
    p_user_id uuid,
    out answers public.permission_answer[]
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_permission text;
    v_organization uuid;
    v_user uuid;
    v_everywhere boolean;
begin
    if coalesce(cardinality(p_organization_ids), 0) = 0 then
        perform tenantry.fail_invalid('organization_ids', 'is required');
    elsif coalesce(cardinality(p_permissions), 0) = 0 then
        perform tenantry.fail_invalid('permissions', 'is required');
    elsif cardinality(p_organization_ids)::bigint * cardinality(p_permissions) > 10000 then
        perform tenantry.fail_invalid('permissions', 'give at most 10000 pairs of organization and permission');
    end if;
    foreach v_permission in array p_permissions loop
        perform tenantry.require_permission_name(v_permission);
    end loop;
    foreach v_organization in array p_organization_ids loop
        v_user := tenantry.resolve_user(p_user_id, v_organization);
    end loop;
    v_everywhere := tenantry.is_global_role_visible(v_user);
    select array_agg(
        row(o.id, p.name, tenantry.user_has_permission(v_user, p.name, o.id, v_everywhere))::public.permission_answer
        order by o.position, p.position)
    into answers
    from unnest(p_organization_ids) with ordinality as o (id, position)
    cross join unnest(p_permissions) with ordinality as p (name, position);
end
$$;

comment on function tenantry.batch_check_permissions(uuid[], text[], uuid) is
    'Checks that the caller may ask for the user, and answers for every pair of organization and permission.';
revoke all on function tenantry.batch_check_permissions from public, anon, authenticated, service_role;
grant execute on function tenantry.batch_check_permissions to authenticated, service_role;

create or replace function public.batch_check_permissions(
    organization_ids uuid[] default null,
    permissions text[] default null,
    user_id uuid default null,
    out answers public.permission_answer[]
)
language sql stable
begin atomic
    select x.answers
    from tenantry.batch_check_permissions(organization_ids, permissions, user_id) as x;
end;

comment on function public.batch_check_permissions(uuid[], text[], uuid) is
    'Whether a user (the caller unless given) holds each permission in each organization, in that order; at most'
    ' 10000 pairs. Raises TN001, 42501.';
revoke all on function public.batch_check_permissions from public, anon, authenticated, service_role;
grant execute on function public.batch_check_permissions to authenticated, service_role;
