-- Finds a credit event by id or by name. A name is never a UUID, so the two keys do not collide.
--
-- Raises: TN001 without a key, TN002.
create or replace function tenantry.find_credit_event(p_credit_event text) returns public.credit_events
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_event public.credit_events;
begin
    select * into v_event from public.credit_events where name = p_credit_event;
    if found then
        return v_event;
    end if;
    if coalesce(p_credit_event, '') = '' then
        perform tenantry.fail_invalid('credit_event', 'is required');
    end if;
    if tenantry.is_uuid(p_credit_event) then
        select * into v_event from public.credit_events where id = p_credit_event::uuid;
        if found then
            return v_event;
        end if;
    end if;
    perform tenantry.fail_not_found('credit_event', p_credit_event);
end
$$;

comment on function tenantry.find_credit_event(text) is
    'The credit event of that id or name. Raises TN001 (none given), TN002.';
revoke all on function tenantry.find_credit_event from public, anon, authenticated, service_role;
grant execute on function tenantry.find_credit_event to authenticated, service_role;
