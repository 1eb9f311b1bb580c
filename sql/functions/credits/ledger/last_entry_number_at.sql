-- Returns the number of an organization's last entry at a moment; 0 for none.
--
-- Times never run backwards along the ledger, so this is a binary search over entry numbers. Its twenty or so look-ups
-- use an existing index. An index on time would slow down every consumption.
--
-- Callers: signed-in users and the service role, because list_credit_transactions() runs as the caller.
create or replace function tenantry.last_entry_number_at(
    p_account public.organizations,
    p_at timestamptz
) returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_low bigint := 0;
    v_high bigint := p_account.credits_entry_number;
    v_middle bigint;
begin
    while v_low < v_high loop
        v_middle := (v_low + v_high + 1) / 2;
        if (
            select created_at from public.credit_transactions
            where organization_id = p_account.id and entry_number = v_middle
        ) <= p_at then
            v_low := v_middle;
        else
            v_high := v_middle - 1;
        end if;
    end loop;
    return v_low;
end
$$;

comment on function tenantry.last_entry_number_at(public.organizations, timestamptz) is
    'Returns the number of the organization''s last entry at p_at; 0 for none.';
revoke all on function tenantry.last_entry_number_at from public, anon, authenticated, service_role;
grant execute on function tenantry.last_entry_number_at to authenticated, service_role;
