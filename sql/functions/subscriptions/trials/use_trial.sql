-- Records that an organization uses a trial, and returns whether the limit of the plan allows it.
--
-- The use is recorded for the user and for the payment method, for every limit, so a later trial of another plan
-- finds it. The user is the one who starts the trial. If no user is named, it is every owner of the organization. A
-- user or payment method with a trial of another organization is not recorded again. An organization that is recorded
-- keeps its trial, so the answer stays the same.
--
-- p_limit: the limit of the plan; see trial_limit(), whose default is user.
-- p_user_id: the user who starts the trial; null if none is named. p_payment_method: Stripe's fingerprint of the
-- payment method; null if none is known. p_at: the present time.
-- Locks: the rows of the users and the payment method. The caller holds the lock of the organization's row.
create or replace function tenantry.use_trial(
    p_organization_id uuid,
    p_limit text,
    p_user_id uuid,
    p_payment_method text,
    p_at timestamptz
) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_kind text;
    v_holders text[];
    v_allowed boolean := p_limit = 'organization';
begin
    foreach v_kind in array '{user,payment_method}'::text[] loop
        v_holders := case
            when v_kind = 'payment_method' then array_remove(array[p_payment_method], null)
            when p_user_id is not null then array[p_user_id::text]
            else array(
                select ur.user_id::text
                from public.user_roles as ur
                join public.roles as r on r.id = ur.role_id
                where ur.organization_id = p_organization_id and r.name = 'owner'
                order by ur.user_id
            )
        end;
        if exists (
            select from tenantry.used_trials as u where u.organization_id = p_organization_id and u.kind = v_kind
        ) then
            v_allowed := v_allowed or p_limit = v_kind;
            continue;
        end if;
        -- The insertion waits for another transaction that records the same holder.
        insert into tenantry.used_trials (kind, holder, organization_id, used_at)
        select v_kind, h, p_organization_id, p_at
        from unnest(v_holders) as h
        order by h
        on conflict do nothing;
        if exists (
            select from tenantry.used_trials as u
            where u.kind = v_kind and u.holder = any (v_holders) and u.organization_id <> p_organization_id
        ) then
            delete from tenantry.used_trials as u where u.organization_id = p_organization_id and u.kind = v_kind;
        elsif p_limit = v_kind then
            -- Without an owner there is no user to limit. Without a payment method the trial cannot begin.
            v_allowed := v_kind = 'user' or v_holders <> '{}';
        end if;
    end loop;
    return v_allowed;
end
$$;

comment on function tenantry.use_trial(uuid, text, uuid, text, timestamptz) is
    'Records the trial of an organization, and returns whether the limit allows it. The caller holds its lock.';
revoke all on function tenantry.use_trial from public, anon, authenticated, service_role;
