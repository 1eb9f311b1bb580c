-- Checks that each row of a table can be charged exactly once, and that the charge runs no code of the table's owner.
--
-- The table is an ordinary one, outside of partitioning and inheritance: a row that moves to another partition fires
-- the trigger again, and a row of a child table does not fire it. The columns that the charge reads have types of
-- PostgreSQL, because a type of the owner can bring code that would run with the rights of the trigger. Their values
-- are stored: a trigger does not see the value of a virtual column.
--
-- p_quantity_column: null for a charge of one unit.
--
-- Raises: TN001.
-- Callers: charge_on_insert(), and charge_row() for each row, because the owner can change the table at any time.
create or replace function tenantry.require_chargeable_table(
    p_table oid,
    p_organization_column text,
    p_quantity_column text
) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from pg_class as c where c.oid = p_table and c.relkind = 'r' and not c.relispartition)
        or exists (select from pg_inherits as i where p_table in (i.inhrelid, i.inhparent)) then
        perform tenantry.fail_invalid('charged_table', format(
            '%s must be an ordinary table, without partitions, parents and children', p_table::regclass));
    elsif not exists (
        select from pg_attribute as a
        where a.attrelid = p_table and a.attname = p_organization_column and a.atttypid = 'uuid'::regtype
          and a.attgenerated <> 'v' and not a.attisdropped
    ) then
        perform tenantry.fail_invalid('organization_column', format(
            'table %s has no stored column "%s" of type uuid', p_table::regclass, p_organization_column));
    elsif p_quantity_column is not null and not exists (
        select from pg_attribute as a
        where a.attrelid = p_table and a.attname = p_quantity_column
          and a.atttypid in ('smallint'::regtype, 'integer'::regtype)
          and a.attgenerated <> 'v' and not a.attisdropped
    ) then
        perform tenantry.fail_invalid('quantity_column', format(
            'table %s has no stored column "%s" of type smallint or integer', p_table::regclass, p_quantity_column));
    elsif not exists (select from pg_index as i where i.indrelid = p_table and i.indisprimary) then
        perform tenantry.fail_invalid('charged_table', format(
            '%s has no primary key, which keeps a repeated INSERT from a second charge', p_table::regclass));
    end if;
end
$$;

comment on function tenantry.require_chargeable_table(oid, text, text) is
    'Raises TN001 unless each row of the table can be charged exactly once, by stored columns of built-in types.';
revoke all on function tenantry.require_chargeable_table from public, anon, authenticated, service_role;
