-- Changes an organization's own data.
--
-- Locks: the organization's row. Raises TN001, TN002, TN012 (inactive), 23505 (name or slug taken), 42501.
-- Callers: who holds organizations:update there; of an inactive one, and to make it so, organizations:suspend too.
create or replace function tenantry.update_organization(
    p_organization_id uuid,
    p_name text,
    p_slug text,
    p_description text,
    p_website text,
    p_is_active boolean,
    p_low_balance_threshold integer,
    p_update_mask text[]
) returns public.organizations
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_fields text[];
    v_organization public.organizations;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('organizations:update', p_organization_id);
    v_fields := tenantry.resolve_update_mask(p_update_mask, jsonb_build_object(
        'name', p_name, 'slug', p_slug, 'description', p_description,
        'website', p_website, 'is_active', p_is_active, 'low_balance_threshold', p_low_balance_threshold));

    -- Who was deactivated does not activate themselves.
    if 'is_active' = any (v_fields) then
        perform tenantry.authorize('organizations:suspend', p_organization_id);
    end if;
    select * into v_organization from public.organizations where id = p_organization_id for no key update;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    elsif not v_organization.is_active
        and not tenantry.is_authorized('organizations:suspend', p_organization_id) then
        perform tenantry.fail_organization_inactive(p_organization_id);
    end if;
    -- Checked before they meet a column's type, whose limit would not name the field.
    perform tenantry.require_organization_fields(
        case when 'name' = any (v_fields) then p_name else v_organization.name end,
        case when 'slug' = any (v_fields) then p_slug else v_organization.slug end,
        case when 'website' = any (v_fields) then p_website else v_organization.website end);
    v_organization.name := case when 'name' = any (v_fields) then p_name else v_organization.name end;
    v_organization.slug := case when 'slug' = any (v_fields) then p_slug else v_organization.slug end;
    v_organization.description :=
        case when 'description' = any (v_fields) then p_description else v_organization.description end;
    v_organization.website := case when 'website' = any (v_fields) then p_website else v_organization.website end;
    v_organization.is_active :=
        case when 'is_active' = any (v_fields) then coalesce(p_is_active, false) else v_organization.is_active end;
    v_organization.low_balance_threshold := case
        when 'low_balance_threshold' = any (v_fields) then p_low_balance_threshold
        else v_organization.low_balance_threshold
    end;
    if v_organization.low_balance_threshold <= 0 then
        perform tenantry.fail_invalid('low_balance_threshold', 'must be greater than 0');
    end if;

    update public.organizations
    set name = v_organization.name,
        slug = v_organization.slug,
        description = v_organization.description,
        website = v_organization.website,
        is_active = v_organization.is_active,
        low_balance_threshold = v_organization.low_balance_threshold
    where id = p_organization_id
    returning * into v_organization;
    return v_organization;
end
$$;

comment on function tenantry.update_organization(uuid, text, text, text, text, boolean, integer, text[]) is
    'Definer half of public.update_organization.';
revoke all on function tenantry.update_organization from public, anon, authenticated, service_role;
grant execute on function tenantry.update_organization to authenticated, service_role;

create or replace function public.update_organization(
    organization_id uuid default null,
    name text default null,
    slug text default null,
    description text default null,
    website text default null,
    is_active boolean default null,
    low_balance_threshold integer default null,
    update_mask text[] default null
) returns public.organizations
language sql volatile
return tenantry.update_organization(
    organization_id, name, slug, description, website, is_active, low_balance_threshold, update_mask);

comment on function public.update_organization(uuid, text, text, text, text, boolean, integer, text[]) is
    'Changes an organization. update_mask: the fields to set, unset ones among them to null; without a mask, the'
    ' fields that have a value. Raises TN001, TN002, TN012 (inactive), 23505 (name or slug taken), 42501.';
revoke all on function public.update_organization from public, anon, authenticated, service_role;
grant execute on function public.update_organization to authenticated, service_role;
