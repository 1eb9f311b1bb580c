drop table tenantry.audit_log;
drop table tenantry.invitations;
drop table public.user_roles;
drop table tenantry.role_grants;
drop table public.role_permissions;
drop table public.roles;
drop table public.permissions;
