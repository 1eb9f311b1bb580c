"""has_permission: its callers."""

from tests.support.rpc import access

ACCESS = access(
    "organization_id => {first}, permission => 'credits:read'",
    no="stranger other_owner",
    ok="viewer member billing admin owner platform_admin service_role",
)
