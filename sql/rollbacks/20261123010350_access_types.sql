drop type public.audit_event;
drop type public.permission_path;
drop type public.permission_answer;
drop type public.invitation;
drop type public.member;
