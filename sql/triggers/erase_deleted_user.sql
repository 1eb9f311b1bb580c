-- Erases the address of a user from invitations when the account is deleted.
create or replace function tenantry.erase_deleted_user() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.erase_user(old.id, old.email::text);
    return null;
end
$$;

comment on function tenantry.erase_deleted_user() is
    'Trigger: erases the address of a user from invitations when the account is deleted.';
revoke all on function tenantry.erase_deleted_user from public, anon, authenticated, service_role;

create or replace trigger tenantry_erase_deleted_user
after delete on auth.users
for each row execute function tenantry.erase_deleted_user();
