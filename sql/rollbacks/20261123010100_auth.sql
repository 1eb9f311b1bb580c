-- Drops only the parts that Tenantry supplied; Supabase's own schema stays. Objects of others in the schema, or that
-- depend on it, stop the rollback.
do $$
begin
    if obj_description(to_regnamespace('auth'), 'pg_namespace') = 'Supplied by Tenantry in place of Supabase Auth.' then
        drop function auth.email, auth.role, auth.uid, auth.jwt;
        drop table auth.users;
        drop schema auth;
    end if;
end
$$;
