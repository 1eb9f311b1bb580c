"""update_role: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOT_FOUND, SYSTEM_ROLE, access, case, mask

ACCESS = access(
    "role => {role_first}, description => 'new'",
    hidden="stranger other_owner",
    first="admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "role", name="No role"),
    case(INVALID_ARGUMENT, "update_mask", role="$editor"),
    case(NOT_FOUND, role="nobody has this", name="n"),
    case(INVALID_ARGUMENT, "name", role="$editor", name="n" * 51),
    case(INVALID_ARGUMENT, "name", role="$editor", update_mask=mask("name")),
    case(SYSTEM_ROLE, role="viewer", name="mine"),
]
