-- Raises TN016: the hold has ended.
create or replace function tenantry.fail_hold_not_active(p_hold tenantry.credit_holds) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.fail(
        'TN016', format('the hold is not active: it was %s', p_hold.state),
        jsonb_build_object('hold_id', p_hold.id, 'state', p_hold.state, 'ended_at', p_hold.ended_at));
end
$$;

comment on function tenantry.fail_hold_not_active(tenantry.credit_holds) is 'Raises TN016: the hold has ended.';
revoke all on function tenantry.fail_hold_not_active from public, anon, authenticated, service_role;
