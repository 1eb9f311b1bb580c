-- Returns an organization's automatic top-up in the form that callers see; null for none.
create or replace function tenantry.present_auto_top_up(p_organization_id uuid) returns public.auto_top_up
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select row(
        t.organization_id, t.credit_product_id, o.auto_top_up_threshold, t.monthly_cap,
        tenantry.count_top_ups(t.organization_id), t.created_at, t.updated_at)::public.auto_top_up
    from tenantry.auto_top_ups as t
    join public.organizations as o on o.id = t.organization_id
    where t.organization_id = p_organization_id;
end;

comment on function tenantry.present_auto_top_up(uuid) is
    'The organization''s automatic top-up in the form that callers see.';
revoke all on function tenantry.present_auto_top_up from public, anon, authenticated, service_role;
