-- Brings the sums of an organization's consumption by quarter of an hour (tenantry.credit_usage) up to its last entry.
--
-- Entries get their numbers under the account's lock and become visible in that order. So everything up to the last
-- visible number can be summed up once and never again. The function does nothing while another session sums up.
--
-- Locks: the organization's row of credit_usage_progress.
create or replace function tenantry.sum_up_usage(p_organization_id uuid) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_from bigint;
    v_to bigint;
begin
    -- The question comes first, because the insert would wait for another session that sums up.
    if not exists (select from tenantry.credit_usage_progress as p where p.organization_id = p_organization_id) then
        insert into tenantry.credit_usage_progress (organization_id) values (p_organization_id) on conflict do nothing;
    end if;
    select p.entry_number into v_from
    from tenantry.credit_usage_progress as p
    where p.organization_id = p_organization_id
    for update skip locked;
    if not found then
        return;
    end if;
    select o.credits_entry_number into v_to from public.organizations as o where o.id = p_organization_id;
    insert into tenantry.credit_usage as u (
        organization_id, quarter_hour, credit_event_id, source, credits, quantity, entries
    )
    select
        p_organization_id, date_bin('15 minutes', t.created_at, '2000-01-01 00:00+00'), t.credit_event_id, t.source,
        - sum(t.amount), coalesce(sum(t.quantity), 0), count(*)
    from public.credit_transactions as t
    where t.organization_id = p_organization_id and t.entry_number > v_from and t.entry_number <= v_to
      and t.transaction_type = 'consumed'
    group by 2, 3, 4
    on conflict on constraint credit_usage_key do update
    set credits = u.credits + excluded.credits,
        quantity = u.quantity + excluded.quantity,
        entries = u.entries + excluded.entries;
    update tenantry.credit_usage_progress as p
    set entry_number = v_to
    where p.organization_id = p_organization_id;
end
$$;

comment on function tenantry.sum_up_usage(uuid) is
    'Brings the sums of an organization''s consumption by quarter of an hour up to its last entry.';
revoke all on function tenantry.sum_up_usage from public, anon, authenticated, service_role;
