"""assign_role: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "user_id => {colleague}, role => 'viewer', organization_id => {first}",
    first="admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "user_id", role="viewer", organization_id="$acme"),
    case(INVALID_ARGUMENT, "role", user_id=NOBODY, organization_id="$acme"),
    case(NOT_FOUND, user_id=NOBODY, role="viewer", organization_id="$acme"),
    case(NOT_FOUND, user_id=NOBODY, role="$editor", organization_id="$idle"),
]
