-- Raises TN001: the argument p_field is missing or not acceptable.
create or replace function tenantry.fail_invalid(p_field text, p_problem text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.fail(
        'TN001', format('%s: %s', p_field, p_problem),
        jsonb_build_object('field', p_field, 'description', p_problem)
    );
end
$$;

comment on function tenantry.fail_invalid(text, text) is
    'Raises TN001 (invalid argument) for the argument p_field; p_problem says what is wrong with it.';
revoke all on function tenantry.fail_invalid from public, anon, authenticated, service_role;
grant execute on function tenantry.fail_invalid to anon, authenticated, service_role;
