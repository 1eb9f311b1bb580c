-- Spends credits: one update of the account and one entry, however many lots or entries there are.
--
-- Locks: the organization's row. An account with something due is settled.
-- Raises: TN001, TN002, TN009 (insufficient credits), TN011, TN012 (organization inactive), TN013 (credit event
-- inactive), 42501.
-- Callers: holders of credits:consume in the organization.
--
-- The function sets enable_seqscan off, because a connection keeps its plans: a plan from a time when a table was small
-- must not read all of it later. It sets jit off, because before PostgreSQL 18 a table without an index then looks
-- expensive enough to compile the query.
create or replace function tenantry.consume_credits(
    p_organization_id uuid,
    p_credit_event text,
    p_quantity integer,
    p_amount integer,
    p_source_id uuid,
    p_description text,
    p_metadata jsonb,
    p_request_id text
) returns public.credit_transactions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_charge record;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('credits:consume', p_organization_id);
    v_charge := tenantry.price_charge(p_credit_event, p_quantity, p_amount);
    return tenantry.spend_credits(
        tenantry.build_consumption(
            p_organization_id, v_charge.credit_event_id, v_charge.quantity, v_charge.amount, p_source_id,
            p_description, p_metadata, p_request_id),
        v_charge.is_active);
end
$$;

comment on function tenantry.consume_credits(uuid, text, integer, integer, uuid, text, jsonb, text) is
    'Checks the permission and the arguments, and spends the credits.';
revoke all on function tenantry.consume_credits from public, anon, authenticated, service_role;
grant execute on function tenantry.consume_credits to authenticated, service_role;

create or replace function public.consume_credits(
    organization_id uuid default null,
    credit_event text default null,
    quantity integer default null,
    amount integer default null,
    source_id uuid default null,
    description text default null,
    metadata jsonb default null,
    request_id text default null
) returns public.credit_transactions
language sql volatile
return tenantry.consume_credits(
    organization_id, credit_event, quantity, amount, source_id, description, metadata, request_id);

comment on function public.consume_credits(uuid, text, integer, integer, uuid, text, jsonb, text) is
    'Spends credits, never below zero. credit_event: id or name, charged at its cost times quantity (1 unless given);'
    ' or amount: credits, above 0. source_id: your own reference. request_id: the same id makes one entry and returns'
    ' it again. Raises TN001, TN002, TN009 (insufficient credits), TN011 (request_id used otherwise), TN012'
    ' (organization inactive), TN013 (credit event inactive), 42501.';
revoke all on function public.consume_credits from public, anon, authenticated, service_role;
grant execute on function public.consume_credits to authenticated, service_role;
