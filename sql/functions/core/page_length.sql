-- Returns the number of rows that a page shows of the rows that were read for it.
--
-- A page ends before 1 MiB of text, because a client of gRPC takes messages of at most 4 MiB unless told otherwise. A
-- list of numbers in JSON is four times as long in a message. A longer row is a page of its own. So a page can have
-- fewer rows than were asked for (AIP-158).
--
-- p_rows: the rows in the order of the page. p_size: the rows of the page at most.
create or replace function tenantry.page_length(p_rows anyarray, p_size integer) returns integer
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select case
            when max(item.bytes) > 1024 * 1024
                then greatest(count(*) filter (where item.bytes <= 1024 * 1024), 1)
            else p_size
        end
        from (
            -- The size of a stored value can be that of its compressed form.
            select sum(octet_length(r::text)) over (rows unbounded preceding) as bytes
            from unnest(p_rows) as r
            limit p_size
        ) as item
    );
end
$$;

comment on function tenantry.page_length(anyarray, integer) is
    'Rows that a page shows: at most p_size, and as many as fit into 1 MiB.';
revoke all on function tenantry.page_length from public, anon, authenticated, service_role;
grant execute on function tenantry.page_length to anon, authenticated, service_role;
