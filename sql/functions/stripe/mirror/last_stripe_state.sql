-- Returns the last of the states that an object at Stripe had in one second. Stripe's times count seconds, and a
-- customer can cancel and resume in one.
--
-- An event of a change has the changed attributes in previous_attributes. So the changes of a second are a path from
-- state to state. Its end is the state to which more changes lead than start from it. If there is none, the path is
-- closed, and ends where it began: in the last state of the second before. Among several, the one with the most
-- progress is the last, and then the one of the highest event id. The answer depends on the stored events only, so it
-- is the same in every order.
--
-- p_object, p_event_id: a state of the second p_version, and the event or answer that carries it.
-- object, event_id: the last state.
create or replace function tenantry.last_stripe_state(
    p_object jsonb,
    p_version timestamptz,
    p_event_id text,
    out object jsonb,
    out event_id text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
begin
    with events as (
        select e.id, e.created, e.payload #> '{data,previous_attributes}' as previous,
            tenantry.normalize_stripe_object(e.payload #> '{data,object}')
            || case when e.type like '%.deleted' then '{"deleted": true}'::jsonb else '{}' end as object
        from tenantry.stripe_events as e
        where e.object_id = p_object ->> 'id' and e.created = p_version
          -- A failed event had no effect.
          and (e.state not in ('ignored', 'failed') or e.id = p_event_id)
    ),
    known as (
        select e.id, e.object, e.previous from events as e where e.id <> p_event_id
        union all
        select p_event_id, p_object, (select e.previous from events as e where e.id = p_event_id)
        union all
        select o.event_id, o.data, null
        from tenantry.stripe_objects as o
        where o.id = p_object ->> 'id' and o.version = p_version and o.event_id <> p_event_id
          and o.event_id not in (select e.id from events as e)
    ),
    changed as (
        select distinct c.name from known as k cross join jsonb_object_keys(k.previous) as c (name)
    ),
    -- Only the attributes that changed in this second count. Both columns are an empty object if no event tells of a
    -- change.
    states as (
        select k.id, k.object, own.state, own.origin,
            k.previous <> '{}' and not k.object @> k.previous as is_change
        from known as k
        cross join lateral (
            select coalesce(jsonb_object_agg(c.name, k.object -> c.name), '{}') as state,
                coalesce(jsonb_object_agg(c.name, coalesce(k.previous -> c.name, k.object -> c.name)), '{}') as origin
            from changed as c
        ) as own
    ),
    ranked as (
        select s.id, s.object, s.state,
            (select count(*) from states as other where other.state = s.state)
            > (select count(*) from states as other where other.is_change and s.state @> other.origin) as is_end
        from states as s
    ),
    before as (
        select earlier.object
        from (
            select tenantry.normalize_stripe_object(e.payload #> '{data,object}') as object, e.created, e.id
            from tenantry.stripe_events as e
            where e.object_id = p_object ->> 'id' and e.created < p_version and e.state not in ('ignored', 'failed')
              and not exists (select from ranked as r where r.is_end)
            order by e.created desc, e.id desc
            limit 1
        ) as e
        cross join lateral tenantry.last_stripe_state(e.object, e.created, e.id) as earlier
    )
    select r.object, r.id into object, event_id
    from ranked as r
    order by
        r.object @> '{"deleted": true}' desc, r.is_end desc,
        (select b.object @> r.state from before as b) desc nulls last,
        tenantry.stripe_progress(r.object) desc, r.id desc
    limit 1;
end
$$;

comment on function tenantry.last_stripe_state(jsonb, timestamptz, text) is
    'The last of the states that an object at Stripe had in one second, and its event.';
revoke all on function tenantry.last_stripe_state from public, anon, authenticated, service_role;
