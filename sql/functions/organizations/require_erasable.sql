-- Raises an error if an organization cannot be erased: it is active, it has a live subscription or a request at Stripe
-- that is under way, or rows of an application refer to it.
--
-- Raises: TN051.
create or replace function tenantry.require_erasable(p_organization public.organizations) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_reason text;
    v_remedy text;
    v_reference record;
    v_is_used boolean;
begin
    if p_organization.is_active then
        v_reason := 'it is active';
        v_remedy := 'Deactivate it first: update it with is_active = false.';
    elsif exists (
        select from public.organization_subscriptions as s
        where s.organization_id = p_organization.id and s.stripe_subscription_id is not null and s.ended_at is null
    ) then
        v_reason := 'it has a live subscription at Stripe';
        v_remedy := 'Cancel the subscription at Stripe first.';
    elsif exists (
        select from tenantry.stripe_requests as r where r.organization_id = p_organization.id and r.state = 'pending'
    ) then
        v_reason := 'a request to Stripe is under way';
        v_remedy := 'Wait until the request is finished.';
    end if;
    for v_reference in
        select c.conrelid::regclass as table_name, a.attname
        from pg_constraint as c
        join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where v_reason is null and c.contype = 'f' and c.confrelid = 'public.organizations'::regclass
          and c.confdeltype in ('a', 'r')
          and not exists (
              select from tenantry.organization_tables() as t where t.name::regclass = c.conrelid)
        order by c.conrelid
    loop
        execute format(
            'select exists (select from %s as t where t.%I = $1)', v_reference.table_name, v_reference.attname)
        into v_is_used using p_organization.id;
        if v_is_used then
            v_reason := format('rows of %s refer to it', v_reference.table_name);
            v_remedy := 'Delete these rows first.';
            exit;
        end if;
    end loop;
    if v_reason is not null then
        perform tenantry.fail(
            'TN051', format('the organization cannot be erased: %s', v_reason),
            jsonb_build_object('organization_id', p_organization.id), v_remedy);
    end if;
end
$$;

comment on function tenantry.require_erasable(public.organizations) is
    'Raises TN051 if the organization is in use and cannot be erased.';
revoke all on function tenantry.require_erasable from public, anon, authenticated, service_role;
