drop table tenantry.erasures;
drop table public.organizations;
