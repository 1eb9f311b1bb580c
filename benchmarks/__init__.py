"""The cost of Tenantry, as ratios to the best that PostgreSQL and gRPC can do on the same machine: `make bench`."""
