-- tenantry.invitations is read and written by functions only.
revoke all on tenantry.invitations from public, anon, authenticated, service_role;
