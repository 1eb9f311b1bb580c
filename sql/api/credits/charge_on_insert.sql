-- Attaches a charge to a table: from then on an INSERT charges the organization of each row in the same statement, or
-- fails. A second call replaces the first charge.
--
-- It is for the table's owner in a migration and not for API roles, because the caller decides who pays.
--
-- Locks: the table (SHARE ROW EXCLUSIVE, for the moment of CREATE TRIGGER).
-- Raises: TN001 (a table or column that cannot be charged: see require_chargeable_table()), TN002 (unknown event),
-- 42501 (the caller does not own the table).
-- Callers: the owner of the table.
create or replace function public.charge_on_insert(
    charged_table regclass,
    credit_event text,
    organization_column name,
    quantity_column name default null
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.find_credit_event(credit_event);
    perform tenantry.require_chargeable_table(charged_table, organization_column, quantity_column);
    execute format(
        'create or replace trigger tenantry_charge after insert on %s for each row'
        ' execute function tenantry.charge_row(%L, %L, %L)',
        charged_table, credit_event, organization_column, coalesce(quantity_column, ''));
end
$$;

comment on function public.charge_on_insert(regclass, text, name, name) is
    'From now on each row that is inserted into the table charges the organization in organization_column (uuid) for'
    ' the credit event, times quantity_column (smallint or integer) if given, or the INSERT fails. The table is an'
    ' ordinary one with a primary key. For the table''s owner. Raises TN001, TN002, 42501 (not the owner).';
revoke all on function public.charge_on_insert from public, anon, authenticated, service_role;
