"""What Tenantry costs, as ratios to what PostgreSQL and gRPC can do at most on the same machine: `make bench`."""
