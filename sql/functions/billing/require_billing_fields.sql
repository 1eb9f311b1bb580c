-- Checks the fields of a billing record. The error names the argument.
--
-- Raises: TN001.
create or replace function tenantry.require_billing_fields(
    p_status text,
    p_invoice_url text,
    p_receipt_url text,
    p_paid_at timestamptz,
    p_metadata jsonb
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_billing_status(coalesce(p_status, ''));
    perform tenantry.require_pattern(
        url.field, url.value, '(?i)^https?://[^[:space:]]+$', 'an address that starts with http:// or https://')
    from (values ('invoice_url', p_invoice_url), ('receipt_url', p_receipt_url)) as url (field, value);
    if p_paid_at is not null and p_status not in ('paid', 'refunded') then
        perform tenantry.fail_invalid('paid_at', 'is for a paid record');
    elsif p_paid_at > tenantry.clock() then
        perform tenantry.fail_invalid('paid_at', 'must not lie in the future');
    end if;
    perform tenantry.require_metadata(p_metadata);
end
$$;

comment on function tenantry.require_billing_fields(text, text, text, timestamptz, jsonb) is
    'Raises TN001 for a value that does not fit a billing record.';
revoke all on function tenantry.require_billing_fields from public, anon, authenticated, service_role;
