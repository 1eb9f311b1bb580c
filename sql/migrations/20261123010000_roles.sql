-- The roles that every door uses, the private schema, and what nobody may do by default.
--
-- Supabase has the three API roles already; plain PostgreSQL gets them here. `tenantry_server` is what the
-- gRPC server logs in as: it owns nothing and inherits nothing, it may only become one of the three.
-- It is created without a password, so nobody can log in with it over a password connection until a DBA
-- gives it one.

do $$
begin
    if to_regrole('anon') is null then
        create role anon nologin noinherit;
    end if;
    if to_regrole('authenticated') is null then
        create role authenticated nologin noinherit;
    end if;
    if to_regrole('service_role') is null then
        create role service_role nologin noinherit bypassrls;
    end if;
    if to_regrole('tenantry_server') is null then
        create role tenantry_server login noinherit;
    end if;
end
$$;

grant anon, authenticated, service_role to tenantry_server;

create schema if not exists tenantry;

comment on schema tenantry is
    'Private half of Tenantry: helpers, definer functions and bookkeeping. Not to be exposed over PostgREST.';

revoke all on schema tenantry from public;
grant usage on schema tenantry to anon, authenticated, service_role, tenantry_server;
-- Wherever default privileges are wider than Supabase's: what stands in the private schema is nobody's to begin with.
revoke all on all tables in schema tenantry from anon, authenticated, service_role;
grant usage on schema public to anon, authenticated, service_role;
