-- Changes a credit event. A new cost counts for later charges; existing entries keep their amounts.
--
-- Locks: the event's row.
-- Raises: TN001, TN002, 23505 (name taken), 42501.
-- Callers: holders of catalog:manage.
create or replace function tenantry.update_credit_event(
    p_credit_event text,
    p_name text,
    p_credit_cost integer,
    p_category text,
    p_description text,
    p_is_active boolean,
    p_metadata jsonb,
    p_update_mask text[]
) returns public.credit_events
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changes jsonb;
    v_new jsonb;
    v_event public.credit_events;
begin
    perform tenantry.authorize('catalog:manage');
    v_changes := tenantry.masked_values(p_update_mask, jsonb_build_object(
        'name', p_name, 'credit_cost', p_credit_cost, 'category', p_category,
        'description', p_description, 'is_active', p_is_active, 'metadata', p_metadata));
    v_event := tenantry.find_credit_event(p_credit_event);
    select * into v_event from public.credit_events where id = v_event.id for no key update;

    -- Before the values become a row: a column's limit would not name the field.
    v_new := to_jsonb(v_event) || v_changes;
    perform tenantry.require_credit_event_fields(
        v_new ->> 'name', (v_new ->> 'credit_cost')::integer, v_new ->> 'category',
        nullif(v_new -> 'metadata', 'null'));
    v_event := jsonb_populate_record(v_event, v_changes);

    update public.credit_events
    set name = v_event.name,
        credit_cost = v_event.credit_cost,
        category = v_event.category,
        description = v_event.description,
        is_active = coalesce(v_event.is_active, false),
        metadata = v_event.metadata
    where id = v_event.id
    returning * into v_event;
    return v_event;
end
$$;

comment on function tenantry.update_credit_event(text, text, integer, text, text, boolean, jsonb, text[]) is
    'Checks catalog:manage and the fields, and updates the event.';
revoke all on function tenantry.update_credit_event from public, anon, authenticated, service_role;
grant execute on function tenantry.update_credit_event to authenticated, service_role;

create or replace function public.update_credit_event(
    credit_event text default null,
    name text default null,
    credit_cost integer default null,
    category text default null,
    description text default null,
    is_active boolean default null,
    metadata jsonb default null,
    update_mask text[] default null
) returns public.credit_events
language sql volatile
return tenantry.update_credit_event(
    credit_event, name, credit_cost, category, description, is_active, metadata, update_mask);

comment on function public.update_credit_event(text, text, integer, text, text, boolean, jsonb, text[]) is
    'Changes the credit event of that id or name. update_mask: the fields to set, unset ones among them to null;'
    ' without a mask, the fields that have a value. Raises TN001, TN002, 23505 (name taken), 42501.';
revoke all on function public.update_credit_event from public, anon, authenticated, service_role;
grant execute on function public.update_credit_event to authenticated, service_role;
