-- Checks that a text is not longer than a limit that the operator sets; null passes.
--
-- p_setting: the name of the limit, in bytes.
--
-- Raises: TN001.
create or replace function tenantry.require_bounded(p_field text, p_value text, p_setting text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    -- No limit is below 4096. A short text needs no look-up.
    if octet_length(p_value) > 4096 and octet_length(p_value) > tenantry.setting(p_setting) then
        perform tenantry.fail_invalid(p_field, format(
            'is %s bytes long, at most %s are allowed', octet_length(p_value), tenantry.setting(p_setting)));
    end if;
end
$$;

comment on function tenantry.require_bounded(text, text, text) is
    'Raises TN001 if the text has more bytes than the setting allows.';
revoke all on function tenantry.require_bounded from public, anon, authenticated, service_role;
