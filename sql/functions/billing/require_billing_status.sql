-- Raises an error unless a text is a status of billing records, or null.
--
-- Raises: TN001.
-- Callers: signed-in users and the service role, because list_billing_records() runs as the caller.
create or replace function tenantry.require_billing_status(p_status text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_status not in ('pending', 'paid', 'failed', 'refunded', 'void', 'uncollectible') then
        perform tenantry.fail_invalid('status', 'must be pending, paid, failed, refunded, void or uncollectible');
    end if;
end
$$;

comment on function tenantry.require_billing_status(text) is
    'Raises TN001 unless the text is a status of billing records, or null.';
revoke all on function tenantry.require_billing_status from public, anon, authenticated, service_role;
grant execute on function tenantry.require_billing_status to authenticated, service_role;
