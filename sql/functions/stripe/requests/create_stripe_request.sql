-- Creates a request to Stripe. The server sends it once this transaction has committed. If the same request is pending
-- already, the function returns the pending one. It raises an error if another request about the subject is to be sent
-- after the pending one, because the order of the calls would be lost.
--
-- An organization has at most twenty pending requests, so no organization delays the others. An automatic top-up can be
-- one more, because no user requests it, and a consumption of credits must not fail because of it.
--
-- p_subject_id: the subscription, plan or product of the request. p_params: the parameters by Stripe's names. Null
-- values are left out, except for a null customer: such a request waits for the organization's ensure_customer.
--
-- Locks: only the new row.
-- Raises: TN047 (too many pending requests, or one that comes after the same request).
-- Callers: functions that have checked the permission.
create or replace function tenantry.create_stripe_request(
    p_operation text,
    p_organization_id uuid,
    p_subject_id uuid,
    p_method text,
    p_path text,
    p_params jsonb
) returns tenantry.stripe_requests
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_params constant jsonb := jsonb_strip_nulls(p_params)
        || case when p_params -> 'customer' = 'null' then '{"customer": null}'::jsonb else '{}' end;
    c_most constant integer := 20;
    v_request tenantry.stripe_requests;
    v_pending integer;
begin
    select count(*) into v_pending
    from tenantry.stripe_requests as r
    where r.organization_id = p_organization_id and r.state = 'pending';
    if v_pending >= c_most and p_operation <> 'auto_top_up' then
        perform tenantry.fail(
            'TN047', format('%s requests to Stripe are under way for the organization already', v_pending),
            jsonb_build_object('organization_id', p_organization_id, 'pending', v_pending),
            'Wait until they have been answered.');
    end if;
    loop
        insert into tenantry.stripe_requests (
            id, organization_id, operation, subject_id, method, path, params, next_attempt_at, created_at
        )
        values (
            tenantry.uuid_v7(), p_organization_id, p_operation, p_subject_id, p_method, p_path, v_params,
            tenantry.clock(), tenantry.clock()
        )
        on conflict do nothing
        returning * into v_request;
        if found then
            perform tenantry.notify('tenantry_stripe');
            return v_request;
        end if;
        select * into v_request
        from tenantry.stripe_requests as r
        where r.state = 'pending'
          and r.operation = p_operation
          and r.organization_id is not distinct from p_organization_id
          and (p_operation = 'auto_top_up' or (
              r.subject_id is not distinct from p_subject_id
              and r.method = p_method and r.path = p_path and r.params = v_params
          ));
        if found and exists (
            select from tenantry.stripe_requests as later
            where later.organization_id = p_organization_id and later.state = 'pending'
              and later.subject_id = p_subject_id and later.id > v_request.id
              and p_operation <> 'auto_top_up'
        ) then
            perform tenantry.fail(
                'TN047', 'the same request is under way, and another one after it',
                jsonb_build_object('organization_id', p_organization_id, 'pending', v_pending),
                'Wait until they have been answered.');
        elsif v_request.id is not null then
            return v_request;
        end if;
        -- The pending request was answered in between, so this request is a new one.
    end loop;
end
$$;

comment on function tenantry.create_stripe_request(text, uuid, uuid, text, text, jsonb) is
    'Creates a request to Stripe, which the server sends, or returns the same pending one. Raises TN047.';
revoke all on function tenantry.create_stripe_request from public, anon, authenticated, service_role;
