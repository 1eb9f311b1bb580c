-- Builds the public form of a grant: of its lot, or of the pending grant if it has not taken effect. Null if there is
-- neither.
--
-- p_id: id of the lot or of the pending grant. p_at: the moment that the state is for.
create or replace function tenantry.present_grant(p_organization_id uuid, p_id uuid, p_at timestamptz)
returns public.credit_lot
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_lot tenantry.credit_lots;
begin
    select * into v_lot from tenantry.credit_lots as l where l.organization_id = p_organization_id and l.id = p_id;
    if not found then
        select (tenantry.build_pending_lot(g)).* into v_lot
        from tenantry.pending_grants as g
        where g.organization_id = p_organization_id and g.id = p_id;
    end if;
    return tenantry.present_lot(v_lot, v_lot.remaining, p_at);
end
$$;

comment on function tenantry.present_grant(uuid, uuid, timestamptz) is
    'Builds the public form of a grant, with its state at a moment: of its lot or of the pending grant.';
revoke all on function tenantry.present_grant from public, anon, authenticated, service_role;
