-- Changes an organization's own data.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, TN012 (inactive), 23505 (name or slug taken), 42501.
-- Callers: holders of organizations:update in the organization. A change of is_active, and any change of an inactive
-- organization, also takes organizations:suspend.
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
    v_changes jsonb;
    v_new jsonb;
    v_organization public.organizations;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('organizations:update', p_organization_id);
    v_changes := tenantry.masked_values(p_update_mask, jsonb_build_object(
        'name', p_name, 'slug', p_slug, 'description', p_description,
        'website', p_website, 'is_active', p_is_active, 'low_balance_threshold', p_low_balance_threshold));

    -- A suspended organization's own users cannot reactivate it.
    if v_changes ? 'is_active' then
        perform tenantry.authorize('organizations:suspend', p_organization_id);
    end if;
    select * into v_organization from public.organizations where id = p_organization_id for no key update;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    elsif not v_organization.is_active
        and not tenantry.is_authorized('organizations:suspend', p_organization_id) then
        perform tenantry.fail_organization_inactive(p_organization_id);
    end if;
    -- Before the values become a row: a column's limit would not name the field.
    v_new := to_jsonb(v_organization) || v_changes;
    perform tenantry.require_organization_fields(v_new ->> 'name', v_new ->> 'slug', v_new ->> 'website');
    v_organization := jsonb_populate_record(v_organization, v_changes);
    if v_organization.low_balance_threshold <= 0 then
        perform tenantry.fail_invalid('low_balance_threshold', 'must be greater than 0');
    end if;

    update public.organizations
    set name = v_organization.name,
        slug = v_organization.slug,
        description = v_organization.description,
        website = v_organization.website,
        is_active = coalesce(v_organization.is_active, false),
        low_balance_threshold = v_organization.low_balance_threshold
    where id = p_organization_id
    returning * into v_organization;
    return v_organization;
end
$$;

comment on function tenantry.update_organization(uuid, text, text, text, text, boolean, integer, text[]) is
    'Checks organizations:update, organizations:suspend where it is needed, and the fields, and updates the'
    ' organization.';
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
