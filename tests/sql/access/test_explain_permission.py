"""explain_permission: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, access, case

ACCESS = access(
    "organization_id => {first}, permission => 'credits:read', user_id => {colleague}",
    first="viewer member admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "permission", organization_id="$acme", user_id=NOBODY),
    case(INVALID_ARGUMENT, "user_id", organization_id="$acme", permission="credits:read"),
]
