drop type public.billing_total;
drop type public.entitlements;
