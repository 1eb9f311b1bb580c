-- Raises one of Tenantry's own errors. All errors of class TN are raised here, so they have one shape. MESSAGE is a
-- sentence for people, DETAIL has the reason and the variables as JSON, and HINT has the next step if there is one.
--
-- p_code: the SQLSTATE; docs/errors.md lists the codes. p_detail: the variables by name. p_hint: null for none.
-- Raises: p_code.
-- Callers: the functions of this project.
create or replace function tenantry.fail(
    p_code text,
    p_message text,
    p_detail jsonb default '{}',
    p_hint text default null
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_detail constant text := jsonb_build_object('reason', tenantry.error_reason(p_code)) || p_detail;
begin
    if p_hint is null then
        raise exception using errcode = p_code, message = p_message, detail = v_detail;
    end if;
    raise exception using errcode = p_code, message = p_message, detail = v_detail, hint = p_hint;
end
$$;

comment on function tenantry.fail(text, text, jsonb, text) is
    'Raises SQLSTATE p_code with a message, its reason and the variables as JSON in DETAIL and the remedy in HINT.';
revoke all on function tenantry.fail from public, anon, authenticated, service_role;
grant execute on function tenantry.fail to anon, authenticated, service_role;
