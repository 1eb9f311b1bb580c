-- Creates an organization with an empty ledger.
--
-- Raises TN001 for a bad argument, 23505 for a name or slug that is taken, 42501.
-- Callers: who holds organizations:create.
create or replace function tenantry.create_organization(
    p_name text,
    p_slug text,
    p_description text,
    p_website text
) returns public.organizations
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_organization public.organizations;
begin
    perform tenantry.authorize('organizations:create');
    perform tenantry.check_organization(p_name, p_slug, p_website);
    insert into public.organizations (name, slug, description, website)
    values (p_name, p_slug, p_description, p_website)
    returning * into v_organization;
    return v_organization;
end
$$;

comment on function tenantry.create_organization(text, text, text, text) is 'Definer half of public.create_organization.';
revoke all on function tenantry.create_organization from public;
grant execute on function tenantry.create_organization to authenticated, service_role;

create or replace function public.create_organization(
    name text default null,
    slug text default null,
    description text default null,
    website text default null
) returns public.organizations
language sql volatile
return tenantry.create_organization(name, slug, description, website);

comment on function public.create_organization(text, text, text, text) is
    'Creates an organization. name: up to 100 characters, unique. slug: name for addresses, lower case letters and'
    ' digits joined by - or _, up to 100 characters, unique. website: an http or https address.'
    ' Raises TN001, 23505 (name or slug taken), 42501.';
revoke all on function public.create_organization from public, anon, authenticated, service_role;
grant execute on function public.create_organization to authenticated, service_role;
