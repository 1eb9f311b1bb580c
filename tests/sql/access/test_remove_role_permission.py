"""remove_role_permission: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOT_FOUND, SYSTEM_ROLE, access, case

ACCESS = access(
    "role => {role_first}, permission => 'credits:read'",
    hidden="stranger other_owner",
    ok="admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "role", permission="credits:read"),
    case(INVALID_ARGUMENT, "permission", role="$editor"),
    case(NOT_FOUND, role="$editor", permission="credits:read"),
    case(SYSTEM_ROLE, role="viewer", permission="credits:read"),
]
