-- A small tenant to look around in: `tenantry serve --demo-data`. Every run gives the same result.
do $$
declare
    v_organization uuid;
begin
    if not exists (select from public.credit_events where name = 'image_generation') then
        perform public.create_credit_event('image_generation', 5, 'compute', 'One generated image');
    end if;
    if not exists (select from public.credit_events where name = 'api_call') then
        perform public.create_credit_event('api_call', 1, 'api_call', 'One call of the API');
    end if;
    select id into v_organization from public.organizations where slug = 'demo';
    if not found then
        v_organization := (public.create_organization('Demo', 'demo', 'An organization to look around in')).id;
    end if;
    perform public.grant_credits(v_organization, 1000, description => 'Welcome', request_id => 'demo-welcome');
    perform public.consume_credits(v_organization, 'image_generation', 3, request_id => 'demo-images');
end
$$;
