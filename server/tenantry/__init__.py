"""Tenantry: organizations, access, plans and prepaid credits inside your PostgreSQL, with a thin gRPC server."""
