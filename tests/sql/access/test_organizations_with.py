"""organizations_with: its callers."""

from tests.support.rpc import access

ACCESS = access(
    "permission => 'credits:read'",
    empty="stranger",
    first="viewer member billing admin owner",
    second="other_owner",
    both="platform_admin service_role",
)
