-- Creates a credit event: a kind of use that costs credits.
--
-- Raises: TN001, 23505 (name taken), 42501.
-- Callers: holders of catalog:manage.
create or replace function tenantry.create_credit_event(
    p_name text,
    p_credit_cost integer,
    p_category text,
    p_description text,
    p_metadata jsonb
) returns public.credit_events
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_event public.credit_events;
begin
    perform tenantry.authorize('catalog:manage');
    perform tenantry.require_credit_event_fields(p_name, p_credit_cost, p_category, p_metadata);
    insert into public.credit_events (name, credit_cost, category, description, metadata)
    values (p_name, p_credit_cost, p_category, p_description, p_metadata)
    returning * into v_event;
    return v_event;
end
$$;

comment on function tenantry.create_credit_event(text, integer, text, text, jsonb) is
    'Checks catalog:manage and the fields, and creates the event.';
revoke all on function tenantry.create_credit_event from public, anon, authenticated, service_role;
grant execute on function tenantry.create_credit_event to authenticated, service_role;

create or replace function public.create_credit_event(
    name text default null,
    credit_cost integer default null,
    category text default null,
    description text default null,
    metadata jsonb default null
) returns public.credit_events
language sql volatile
return tenantry.create_credit_event(name, credit_cost, category, description, metadata);

comment on function public.create_credit_event(text, integer, text, text, jsonb) is
    'Creates a credit event. name: up to 100 characters, unique. credit_cost: credits for one unit, above 0.'
    ' category: a word such as api_call, storage or compute. Raises TN001, 23505 (name taken), 42501.';
revoke all on function public.create_credit_event from public, anon, authenticated, service_role;
grant execute on function public.create_credit_event to authenticated, service_role;
