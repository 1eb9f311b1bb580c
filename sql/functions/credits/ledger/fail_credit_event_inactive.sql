-- Raises TN013: the credit event cannot be charged.
create or replace function tenantry.fail_credit_event_inactive(p_credit_event_id uuid) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text;
begin
    select name into v_name from public.credit_events where id = p_credit_event_id;
    perform tenantry.fail(
        'TN013', format('credit event "%s" is not active', v_name), jsonb_build_object('credit_event', v_name));
end
$$;

comment on function tenantry.fail_credit_event_inactive(uuid) is 'Raises TN013: the credit event is not active.';
revoke all on function tenantry.fail_credit_event_inactive from public, anon, authenticated, service_role;
