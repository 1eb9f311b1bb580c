"""list_role_permissions: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOT_FOUND, access, case

ACCESS = access(
    "role => {role_first}",
    hidden="stranger other_owner",
    ok="viewer member billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "role"),
    case(NOT_FOUND, role="nobody has this"),
]
