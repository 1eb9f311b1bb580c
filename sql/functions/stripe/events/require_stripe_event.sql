-- Checks the shape of an event from Stripe. The error names the field.
--
-- Raises: TN001.
create or replace function tenantry.require_stripe_event(p_event jsonb) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_field text;
begin
    if p_event is null then
        perform tenantry.fail_invalid('event', 'is required');
    end if;
    perform tenantry.require_json_object('event', p_event);
    if p_event @? '$.**{64}' then
        -- Functions that call themselves for each level would run out of stack.
        perform tenantry.fail_invalid('event', 'must not have more than 64 levels');
    end if;
    if p_event ->> 'object' is distinct from 'event' then
        perform tenantry.fail_invalid('event.object', 'must be event');
    end if;
    foreach v_field in array '{id,type}'::text[] loop
        if jsonb_typeof(p_event -> v_field) is distinct from 'string' then
            perform tenantry.fail_invalid('event.' || v_field, 'must be text');
        end if;
        perform tenantry.require_text('event.' || v_field, p_event ->> v_field, 255, true);
    end loop;
    if jsonb_typeof(p_event -> 'created') is distinct from 'number' then
        perform tenantry.fail_invalid('event.created', 'must be seconds since 1970');
    elsif (p_event ->> 'created')::numeric not between 0 and 100000000000 then
        perform tenantry.fail_invalid('event.created', 'must lie between 0 and 100000000000');
    elsif jsonb_typeof(p_event #> '{data,object}') is distinct from 'object' then
        perform tenantry.fail_invalid('event.data.object', 'must be a JSON object');
    elsif jsonb_typeof(p_event #> '{data,object,object}') is distinct from 'string' then
        perform tenantry.fail_invalid('event.data.object.object', 'must be text');
    elsif jsonb_typeof(p_event #> '{data,object,id}') not in ('string', 'null') then
        perform tenantry.fail_invalid('event.data.object.id', 'must be text');
    end if;
    perform tenantry.require_text('event.data.object.id', p_event #>> '{data,object,id}', 255);
    perform tenantry.require_text('event.data.object.object', p_event #>> '{data,object,object}', 50);
    perform tenantry.require_text('event.api_version', p_event ->> 'api_version', 50);
end
$$;

comment on function tenantry.require_stripe_event(jsonb) is 'Raises TN001 for JSON that is not an event from Stripe.';
revoke all on function tenantry.require_stripe_event from public, anon, authenticated, service_role;
