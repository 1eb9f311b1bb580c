-- Deletes an organization that never had credits, a subscription or a bill. Other organizations keep their books; they
-- can be made inactive.
--
-- Locks: the organization's row, against concurrent entries.
-- Raises: TN001, TN002, TN014 (it has a history), 42501.
-- Callers: holders of organizations:delete in the organization.
create or replace function tenantry.delete_organization(p_organization_id uuid) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_history text;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('organizations:delete', p_organization_id);
    perform from public.organizations where id = p_organization_id for update;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    end if;
    v_history := case
        when exists (select from public.credit_transactions where organization_id = p_organization_id)
            or exists (select from tenantry.pending_grants where organization_id = p_organization_id)
            then 'credit ledger'
        when exists (select from public.billing_history where organization_id = p_organization_id)
            then 'billing history'
        when exists (select from public.organization_subscriptions where organization_id = p_organization_id)
            then 'subscriptions'
    end;
    if v_history is not null then
        perform tenantry.fail(
            'TN014', format('the organization has a history (%s) that must be kept', v_history),
            jsonb_build_object('organization_id', p_organization_id, 'history', v_history),
            'Deactivate it instead: update it with is_active = false.');
    end if;
    -- Such as the loss of its last owner: a reader of events would find no organization to act on.
    delete from tenantry.events where organization_id = p_organization_id;
    delete from public.organizations where id = p_organization_id;
end
$$;

comment on function tenantry.delete_organization(uuid) is
    'Checks organizations:delete and the history, and deletes the organization.';
revoke all on function tenantry.delete_organization from public, anon, authenticated, service_role;
grant execute on function tenantry.delete_organization to authenticated, service_role;

create or replace function public.delete_organization(organization_id uuid default null) returns void
language sql volatile
begin atomic
    select tenantry.delete_organization(organization_id);
end;

comment on function public.delete_organization(uuid) is
    'Deletes an organization without ledger, billing history or subscriptions. Raises TN001, TN002, TN014 (it has'
    ' such a history; deactivate it instead), 42501.';
revoke all on function public.delete_organization from public, anon, authenticated, service_role;
grant execute on function public.delete_organization to authenticated, service_role;
