-- Adds a page of lines that were read from Stripe to the mirrored invoice, and requests the next page. After the last
-- page, derives the credits and processes the events that waited for the lines.
--
-- The first page takes the place of the lines from an event, which can have the shape of another version of the API. A
-- page that does not continue the known lines is ignored: a newer state of the invoice came in between, and requested
-- the lines again.
--
-- p_body: the list in Stripe's answer.
-- Locks: as apply_stripe_object(). The caller holds the Stripe lock.
-- Raises: TN001 for a page without lines.
create or replace function tenantry.apply_invoice_lines(
    p_request tenantry.stripe_requests,
    p_body jsonb
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id constant text := split_part(p_request.path, '/', 4);
    v_after constant text := p_request.params ->> 'starting_after';
    v_known jsonb;
    v_organization_id uuid;
begin
    select o.data #> '{lines,data}' into v_known
    from tenantry.stripe_objects as o
    where o.id = v_id and tenantry.has_unread_lines(o.data);
    if not found or v_after is distinct from v_known #>> '{-1,id}' and v_after is not null then
        return;
    end if;
    if coalesce(jsonb_array_length(p_body -> 'data'), 0) = 0 then
        -- The next request would be this one again.
        perform tenantry.fail_invalid('data', 'must have lines');
    end if;
    v_known := case when v_after is null then '[]' else v_known end || (p_body -> 'data');
    update tenantry.stripe_objects as o
    set data = jsonb_set(o.data, '{lines}', (o.data -> 'lines') || jsonb_build_object(
        'data', v_known, 'has_more', p_body -> 'has_more', 'total_count', jsonb_array_length(v_known)))
    where o.id = v_id;
    if (p_body ->> 'has_more')::boolean then
        perform tenantry.create_stripe_request(
            p_request.operation, null, null, 'get', p_request.path,
            p_request.params || jsonb_build_object('starting_after', v_known #>> '{-1,id}'));
        return;
    end if;
    select f.organization_id into v_organization_id from tenantry.find_stripe_organization(v_id) as f;
    if v_organization_id is not null then
        perform tenantry.recompute_stripe_object(v_organization_id, v_id);
        perform tenantry.process_waiting_events(v_id);
    end if;
end
$$;

comment on function tenantry.apply_invoice_lines(tenantry.stripe_requests, jsonb) is
    'Adds a page of lines to a mirrored invoice; after the last page, derives the credits.';
revoke all on function tenantry.apply_invoice_lines from public, anon, authenticated, service_role;
