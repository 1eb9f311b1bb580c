"""Stubs generated from protos/tenantry/v1 by `make protos`; do not edit."""
