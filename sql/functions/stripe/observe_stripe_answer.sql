-- Takes the objects in an answer of Stripe for what events would have told: the object itself, or those of a list with the
-- products of its prices. What was pushed from here is only mirrored: it is what this side says that counts.
--
-- What was paid for at Stripe must be remembered even if something derived from it cannot be: the error goes to the log and
-- is met again, and kept, when the event of the same object comes.
create or replace function tenantry.observe_stripe_answer(
    p_request tenantry.stripe_requests,
    p_body jsonb,
    p_version timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_object jsonb;
begin
    for v_object in
        select o.object
        from (
            select listed.object -> 'product' from jsonb_array_elements(
                case when p_body ->> 'object' = 'list' then p_body -> 'data' else '[]' end) as listed (object)
            union all
            select case
                when jsonb_typeof(listed.object -> 'product') = 'object'
                then jsonb_set(listed.object, '{product}', listed.object #> '{product,id}') else listed.object
            end
            from jsonb_array_elements(
                case when p_body ->> 'object' = 'list' then p_body -> 'data' else '[]' end) as listed (object)
            union all
            select p_body
        ) as o (object)
        where o.object ->> 'object' <> 'list' and o.object ? 'id'
          and o.object ->> 'object' <> 'billing_portal.session'
    loop
        begin
            if p_request.operation in ('sync_product', 'sync_price') then
                perform tenantry.mirror_stripe_object(v_object, p_version, 'answer:' || p_request.id);
            else
                perform tenantry.observe_stripe_object(v_object, p_version, 'answer:' || p_request.id);
            end if;
        exception
            when serialization_failure or deadlock_detected then
                raise;
            when others then
                raise warning 'what Stripe answered to request % could not be derived from: %', p_request.id, sqlerrm;
        end;
    end loop;
end
$$;

comment on function tenantry.observe_stripe_answer(tenantry.stripe_requests, jsonb, timestamptz) is
    'Takes the objects in an answer of Stripe for what events would have told.';
revoke all on function tenantry.observe_stripe_answer from public, anon, authenticated, service_role;
