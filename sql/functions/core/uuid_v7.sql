-- A time-ordered UUID (RFC 9562, version 7): 48 bits of milliseconds, 12 bits of the fraction of one (its method 3), then
-- random. New entries land on the right-hand page of the primary key instead of a random one, which is what keeps
-- inserts fast at 100 M rows, and what one call makes after another also sorts after it.
-- PostgreSQL has uuidv7() from 18 on; this serves 15 as well.
create or replace function tenantry.uuid_v7() returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_microseconds constant bigint := date_part('epoch', clock_timestamp()) * 1000000;
begin
    return encode(
        overlay(
            uuid_send(gen_random_uuid())
            placing substring(int8send(v_microseconds / 1000) from 3)
                || int2send((28672 + v_microseconds % 1000 * 4096 / 1000)::smallint)
            from 1 for 8
        ),
        'hex')::uuid;
end
$$;

comment on function tenantry.uuid_v7() is 'A new time-ordered UUID.';
revoke all on function tenantry.uuid_v7 from public, anon, authenticated, service_role;
