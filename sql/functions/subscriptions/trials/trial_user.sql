-- Returns the user who starts a trial of an organization: the caller, if the caller is a member of it. Returns null for
-- other callers, such as the service role.
create or replace function tenantry.trial_user(p_organization_id uuid) returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select auth.uid()
    where exists (
        select from public.user_roles as ur
        where ur.organization_id = p_organization_id and ur.user_id = auth.uid()
    );
end;

comment on function tenantry.trial_user(uuid) is
    'The caller, if the caller is a member of the organization; else null.';
revoke all on function tenantry.trial_user from public, anon, authenticated, service_role;
