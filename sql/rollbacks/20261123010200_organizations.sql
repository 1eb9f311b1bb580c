drop table public.organizations;
