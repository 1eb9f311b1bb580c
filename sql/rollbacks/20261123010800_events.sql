drop table tenantry.events;
