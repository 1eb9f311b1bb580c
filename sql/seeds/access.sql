-- The permissions and roles that Tenantry ships. A second run restores changed rows of them, and leaves everything else
-- alone.
--
-- Only platform_admin holds the permissions that create value (credits:grant, refund, revoke; platform:*): an owner who
-- could grant credits or plans to their own organization would never buy any.

insert into public.permissions (name, resource, action, description)
values
    ('*:*', '*', '*', 'Everything'),
    ('organizations:create', 'organizations', 'create', 'Create organizations for others'),
    ('organizations:read', 'organizations', 'read', 'See an organization, its balance included'),
    ('organizations:update', 'organizations', 'update', 'Change an organization''s own data'),
    ('organizations:delete', 'organizations', 'delete', 'Delete an organization without history'),
    ('organizations:suspend', 'organizations', 'suspend', 'Deactivate and reactivate an organization'),
    ('members:*', 'members', '*', 'Everything about members'),
    ('members:read', 'members', 'read', 'See the members of an organization and their roles'),
    ('members:manage', 'members', 'manage', 'Invite and remove members, give and take roles'),
    ('roles:manage', 'roles', 'manage', 'Make and change an organization''s own roles'),
    ('credits:read', 'credits', 'read', 'See ledger, lots, holds and usage'),
    ('credits:consume', 'credits', 'consume', 'Spend and hold credits'),
    ('credits:grant', 'credits', 'grant', 'Add credits'),
    ('credits:refund', 'credits', 'refund', 'Give spent credits back'),
    ('credits:revoke', 'credits', 'revoke', 'Take granted credits back'),
    ('credits:verify', 'credits', 'verify', 'Verify ledgers'),
    ('billing:*', 'billing', '*', 'Everything about billing'),
    ('billing:read', 'billing', 'read', 'See bills'),
    ('billing:manage', 'billing', 'manage', 'Pay, and change the payment method'),
    ('subscriptions:*', 'subscriptions', '*', 'Everything about subscriptions'),
    ('subscriptions:read', 'subscriptions', 'read', 'See subscriptions'),
    ('subscriptions:manage', 'subscriptions', 'manage', 'Subscribe, change plans and cancel'),
    ('catalog:manage', 'catalog', 'manage', 'Change plans, credit products and credit events'),
    ('audit:read', 'audit', 'read', 'See who changed what'),
    ('platform:subscribe', 'platform', 'subscribe', 'Give plans without a payment at Stripe'),
    ('platform:bill', 'platform', 'bill', 'Write billing records'),
    ('platform:stripe', 'platform', 'stripe', 'Process events of Stripe, and repair stuck ones')
on conflict (name) do update
set resource = excluded.resource, action = excluded.action, description = excluded.description
where (permissions.resource, permissions.action, permissions.description)
    is distinct from (excluded.resource, excluded.action, excluded.description);

insert into public.roles (name, description, is_system_role)
values
    ('platform_admin', 'May do everything, everywhere', true),
    ('owner', 'Is responsible for an organization', true),
    ('admin', 'Runs an organization', true),
    ('billing', 'Manages plans and payments', true),
    ('member', 'Works in an organization and spends its credits', true),
    ('viewer', 'Reads only', true)
on conflict (name) do update
set description = excluded.description, is_system_role = true
where (roles.description, roles.is_system_role) is distinct from (excluded.description, true);

with wanted (role, permission) as (
    values
        -- The entries beside *:* stand here because a permission that a system role holds cannot be changed or deleted.
        ('platform_admin', '*:*'), ('platform_admin', 'organizations:create'),
        ('platform_admin', 'organizations:suspend'), ('platform_admin', 'members:manage'),
        ('platform_admin', 'credits:grant'), ('platform_admin', 'credits:refund'), ('platform_admin', 'credits:revoke'),
        ('platform_admin', 'credits:verify'), ('platform_admin', 'billing:manage'),
        ('platform_admin', 'subscriptions:manage'), ('platform_admin', 'catalog:manage'),
        ('platform_admin', 'platform:subscribe'), ('platform_admin', 'platform:bill'),
        ('platform_admin', 'platform:stripe'),
        ('owner', 'organizations:read'), ('owner', 'organizations:update'), ('owner', 'organizations:delete'),
        ('owner', 'members:*'), ('owner', 'roles:manage'), ('owner', 'credits:read'), ('owner', 'credits:consume'),
        ('owner', 'billing:*'), ('owner', 'subscriptions:*'), ('owner', 'audit:read'),
        ('admin', 'organizations:read'), ('admin', 'organizations:update'), ('admin', 'members:*'),
        ('admin', 'roles:manage'), ('admin', 'credits:read'), ('admin', 'credits:consume'), ('admin', 'billing:read'),
        ('admin', 'subscriptions:read'), ('admin', 'audit:read'),
        ('billing', 'organizations:read'), ('billing', 'credits:read'), ('billing', 'billing:*'),
        ('billing', 'subscriptions:*'),
        ('member', 'organizations:read'), ('member', 'members:read'), ('member', 'credits:read'),
        ('member', 'credits:consume'),
        ('viewer', 'organizations:read'), ('viewer', 'members:read'), ('viewer', 'credits:read')
),
kept as (
    select r.id as role_id, p.id as permission_id
    from wanted as w
    join public.roles as r on r.name = w.role
    join public.permissions as p on p.name = w.permission
),
surplus as (
    delete from public.role_permissions as rp
    using public.roles as r
    where r.id = rp.role_id and r.is_system_role
      and not exists (
          select from kept
          where kept.role_id = rp.role_id and kept.permission_id = rp.permission_id
      )
)
insert into public.role_permissions (role_id, permission_id)
select role_id, permission_id from kept
on conflict (role_id, permission_id) do nothing;
