-- Creates an organization with an empty ledger. A signed-in user who creates one becomes its owner.
--
-- Raises: TN001, 23505 (name or slug taken), 42501.
-- Callers: the service, and any signed-in user.
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
    if tenantry.caller_role() <> 'authenticated' then
        perform tenantry.authorize('organizations:create');
    elsif tenantry.active_user_id() is null then
        perform tenantry.fail('42501', 'only a signed-in user can create an organization');
    end if;
    perform tenantry.require_organization_fields(p_name, p_slug, p_website);
    insert into public.organizations (name, slug, description, website)
    values (p_name, p_slug, p_description, p_website)
    returning * into v_organization;
    if tenantry.caller_role() = 'authenticated' then
        perform tenantry.add_user_role(auth.uid(), (tenantry.find_role('owner')).id, v_organization.id);
    end if;
    return v_organization;
end
$$;

comment on function tenantry.create_organization(text, text, text, text) is
    'Checks the caller and the fields, creates the organization, and makes a signed-in user its owner.';
revoke all on function tenantry.create_organization from public, anon, authenticated, service_role;
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
    'Creates an organization; a signed-in user becomes its owner. name: up to 100 characters, unique, stored normalized'
    ' (NFKC) and trimmed. slug: name for addresses, lower case letters and digits joined by - or _, up to 100'
    ' characters, unique. website: an http or https address. Raises TN001, 23505 (name or slug taken), 42501.';
revoke all on function public.create_organization from public, anon, authenticated, service_role;
grant execute on function public.create_organization to authenticated, service_role;
