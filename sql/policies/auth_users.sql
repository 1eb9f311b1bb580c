-- Access to the schema auth, if Tenantry supplied it: the service role keeps the accounts. Supabase's own stays as it
-- is.
do $$
begin
    if obj_description(to_regnamespace('auth'), 'pg_namespace') = 'Supplied by Tenantry in place of Supabase Auth.' then
        grant usage on schema auth to anon, authenticated, service_role;
        revoke all on auth.users from public, anon, authenticated, service_role;
        grant select, insert, update, delete on auth.users to service_role;

        drop policy if exists service on auth.users;
        create policy service on auth.users to service_role using (true) with check (true);
    end if;
end
$$;
