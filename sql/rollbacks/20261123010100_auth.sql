-- Drops only the parts that Tenantry supplied; Supabase's own schema stays.
do $$
begin
    if obj_description(to_regnamespace('auth'), 'pg_namespace') = 'Supplied by Tenantry in place of Supabase Auth.' then
        drop schema auth cascade;
    end if;
end
$$;
