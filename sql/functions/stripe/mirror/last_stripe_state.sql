-- Returns the last of the states that an object at Stripe had in one second. Stripe's times count seconds, and a
-- customer can cancel and resume in one.
--
-- An event of a change has the changed attributes in previous_attributes. So it names the state before it. A state is
-- not the last one if as many changes start from it as lead to it, the state before the second included. Among the
-- others, the one with the most progress is the last, and then the one of the highest event id. The answer depends on
-- the stored events only, so it is the same in every order.
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
    -- The attributes that changed in this second; an empty object if no event tells of a change.
    states as (
        select k.*, (
            select coalesce(jsonb_object_agg(c.name, k.object -> c.name), '{}') from changed as c
        ) as state
        from known as k
    ),
    before as (
        select (
            select coalesce(jsonb_object_agg(c.name, e.payload #> array['data', 'object', c.name]), '{}')
            from changed as c
        ) as state
        from tenantry.stripe_events as e
        where e.object_id = p_object ->> 'id' and e.created < p_version and e.state not in ('ignored', 'failed')
          and exists (select from changed)
        order by
            e.created desc,
            -- The state that no other one of its second started from.
            not exists (
                select from tenantry.stripe_events as other
                where other.object_id = e.object_id and other.created = e.created and other.id <> e.id
                  and other.payload #> '{data,previous_attributes}' <> '{}'
                  and (e.payload #> '{data,object}') @> (other.payload #> '{data,previous_attributes}')
            ) desc,
            tenantry.stripe_progress(e.payload #> '{data,object}') desc, e.id desc
        limit 1
    )
    select s.object, s.id into object, event_id
    from states as s
    order by
        s.object @> '{"deleted": true}' desc,
        (
            select count(*) from states as other where other.state = s.state
        ) + (
            select count(*) from before as b where b.state = s.state
        ) > (
            select count(*) from states as other
            where other.previous <> '{}' and s.object @> other.previous and not other.object @> other.previous
        ) desc,
        tenantry.stripe_progress(s.object) desc,
        s.id desc
    limit 1;
end
$$;

comment on function tenantry.last_stripe_state(jsonb, timestamptz, text) is
    'The last of the states that an object at Stripe had in one second, and its event.';
revoke all on function tenantry.last_stripe_state from public, anon, authenticated, service_role;
