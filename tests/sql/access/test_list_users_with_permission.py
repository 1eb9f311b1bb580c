"""list_users_with_permission: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access(
    "organization_id => {first}, permission => 'credits:read'",
    first="viewer member admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "permission", organization_id="$acme"),
]
