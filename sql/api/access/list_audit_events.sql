-- Lists changes from the audit log, newest first, in keyset pages: the changes in an organization, or without one all
-- changes.
--
-- p_resource: only changes of this table. p_resource_id: only changes of this row.
--
-- Raises: TN001, TN003, 42501.
-- Callers: holders of audit:read in the organization, or everywhere.
create or replace function tenantry.list_audit_events(
    p_organization_id uuid,
    p_resource text,
    p_resource_id uuid,
    p_page_size integer,
    p_page_token text,
    out audit_events public.audit_event[],
    out next_page_token text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(p_page_size);
    v_scope constant text := format(
        'audit_events %s', jsonb_build_array(p_organization_id, p_resource, p_resource_id));
    v_after constant bigint := (tenantry.decode_page_token(p_page_token, v_scope) ->> 0)::bigint;
begin
    perform tenantry.authorize('audit:read', p_organization_id);
    select coalesce(array_agg(page.item), '{}') into audit_events
    from (
        select row(
            a.id, a.organization_id, a.actor_id, a.actor_role,
            a.door, a.action, a.resource, a.resource_id, a.old, a.new,
            a.created_at)::public.audit_event as item
        from tenantry.audit_log as a
        where (p_organization_id is null or a.organization_id = p_organization_id)
          and (p_resource is null or a.resource = p_resource)
          and (p_resource_id is null or a.resource_id = p_resource_id)
          and (v_after is null or a.id < v_after)
        order by a.id desc
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(audit_events, v_size);
    if cardinality(audit_events) > v_size then
        audit_events := audit_events[:v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array((audit_events[v_size]).id));
    end if;
end
$$;

comment on function tenantry.list_audit_events(uuid, text, uuid, integer, text) is
    'Checks audit:read and lists a page of the audit log.';
revoke all on function tenantry.list_audit_events from public, anon, authenticated, service_role;
grant execute on function tenantry.list_audit_events to authenticated, service_role;

create or replace function public.list_audit_events(
    organization_id uuid default null,
    resource text default null,
    resource_id uuid default null,
    page_size integer default null,
    page_token text default null,
    out audit_events public.audit_event[],
    out next_page_token text
)
language sql stable
begin atomic
    select x.audit_events, x.next_page_token
    from tenantry.list_audit_events(organization_id, resource, resource_id, page_size, page_token) as x;
end;

comment on function public.list_audit_events(uuid, text, uuid, integer, text) is
    'Changes with their actor, newest first. organization_id: only changes there; without one, changes everywhere.'
    ' resource: only of this table. resource_id: only of this row. page_size: rows, 50 unless given, at most 1000.'
    ' Raises TN001, TN003, 42501.';
revoke all on function public.list_audit_events from public, anon, authenticated, service_role;
grant execute on function public.list_audit_events to authenticated, service_role;
