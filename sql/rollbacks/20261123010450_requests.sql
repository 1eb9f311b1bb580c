drop table tenantry.requests;
