-- The roles of every door. Supabase has the three API roles already; on plain PostgreSQL they are made here. The gRPC
-- server logs in as `tenantry_server`, which owns nothing and inherits nothing, and can only become one of the three
-- roles. It has no password, so nobody can log in with it over a password connection until a DBA sets one.
--
-- An administrator can run this file before the first migration: then the owner of the database needs no right to make
-- roles. A second run changes nothing.
--
-- On Supabase, service_role bypasses row-level security on every table. Here it does so too, if the role that migrates
-- may pass that on. Where it may not, as at most providers, the policies of Tenantry's own tables let service_role in.
do $$
declare
    v_bypasses constant boolean := (
        select rolsuper or rolbypassrls and current_setting('server_version_num')::integer >= 160000
        from pg_roles where rolname = current_user
    );
begin
    if to_regrole('anon') is null then
        create role anon nologin noinherit;
    end if;
    if to_regrole('authenticated') is null then
        create role authenticated nologin noinherit;
    end if;
    if to_regrole('service_role') is null then
        execute 'create role service_role nologin noinherit' || case when v_bypasses then ' bypassrls' else '' end;
    end if;
    if to_regrole('tenantry_server') is null then
        create role tenantry_server login noinherit;
    end if;
    -- An administrator may have made and granted the roles. Then the role that migrates cannot grant them and need
    -- not.
    if not (
        select bool_and(pg_has_role('tenantry_server', name, 'member'))
        from unnest('{anon,authenticated,service_role}'::text[]) as api_role (name)
    ) then
        grant anon, authenticated, service_role to tenantry_server;
    end if;
end
$$;
