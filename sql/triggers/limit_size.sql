-- Limits the size of free text and JSON in every table that callers fill, on every write through every door.
--
-- The condition of each trigger lets small values pass without a call of the function. A value that an update does not
-- change passes too: an operator may have lowered the limit.
--
-- Arguments of the trigger: the columns.
--
-- Raises: TN001.
create or replace function tenantry.limit_size() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_new constant jsonb := to_jsonb(new);
    v_old constant jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) end;
    v_column text;
begin
    foreach v_column in array tg_argv loop
        if v_new -> v_column is distinct from v_old -> v_column then
            perform tenantry.require_bounded(
                v_column, v_new ->> v_column,
                case jsonb_typeof(v_new -> v_column) when 'string' then 'max_text_bytes' else 'max_metadata_bytes' end);
        end if;
    end loop;
    return new;
end
$$;

comment on function tenantry.limit_size() is
    'Trigger: raises TN001 for free text or JSON that is larger than the settings allow.';
revoke all on function tenantry.limit_size from public, anon, authenticated, service_role;

create or replace trigger limit_size before insert or update of description on public.organizations
for each row when (octet_length(new.description) > 4096)
execute function tenantry.limit_size('description');

create or replace trigger limit_size before insert or update of description on public.permissions
for each row when (octet_length(new.description) > 4096)
execute function tenantry.limit_size('description');

create or replace trigger limit_size before insert or update of description on public.roles
for each row when (octet_length(new.description) > 4096)
execute function tenantry.limit_size('description');

create or replace trigger limit_size before insert or update of description, features on public.subscription_plans
for each row when (octet_length(new.description) > 4096 or pg_column_size(new.features) > 512)
execute function tenantry.limit_size('description', 'features');

create or replace trigger limit_size before insert or update of description, metadata on public.credit_events
for each row when (octet_length(new.description) > 4096 or pg_column_size(new.metadata) > 512)
execute function tenantry.limit_size('description', 'metadata');

create or replace trigger limit_size before insert or update of description on public.credit_products
for each row when (octet_length(new.description) > 4096)
execute function tenantry.limit_size('description');

create or replace trigger limit_size
before insert or update of metadata, add_ons on public.organization_subscriptions
for each row when (pg_column_size(new.metadata) > 512 or pg_column_size(new.add_ons) > 512)
execute function tenantry.limit_size('metadata', 'add_ons');

create or replace trigger limit_size
before insert or update of description, metadata, invoice_url, receipt_url on public.billing_history
for each row when (
    octet_length(new.description) > 4096
    or pg_column_size(new.metadata) > 512
    or octet_length(new.invoice_url) > 4096
    or octet_length(new.receipt_url) > 4096
)
execute function tenantry.limit_size('description', 'metadata', 'invoice_url', 'receipt_url');

create or replace trigger limit_size before insert or update of description, metadata on public.credit_transactions
for each row when (octet_length(new.description) > 4096 or pg_column_size(new.metadata) > 512)
execute function tenantry.limit_size('description', 'metadata');

create or replace trigger limit_size before insert or update of description, metadata on tenantry.pending_grants
for each row when (octet_length(new.description) > 4096 or pg_column_size(new.metadata) > 512)
execute function tenantry.limit_size('description', 'metadata');

create or replace trigger limit_size before insert or update of description, metadata on tenantry.credit_holds
for each row when (octet_length(new.description) > 4096 or pg_column_size(new.metadata) > 512)
execute function tenantry.limit_size('description', 'metadata');

create or replace trigger limit_size before insert or update of description, metadata on tenantry.credit_revocations
for each row when (octet_length(new.description) > 4096 or pg_column_size(new.metadata) > 512)
execute function tenantry.limit_size('description', 'metadata');
