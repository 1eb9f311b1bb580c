drop table tenantry.used_trials;
drop table tenantry.granted_credits;
drop table tenantry.subscription_transitions;
