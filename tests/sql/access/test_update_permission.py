"""update_permission: its callers, and the input that it refuses."""

from tests.support.rpc import ALREADY_EXISTS, INVALID_ARGUMENT, NOT_FOUND, SYSTEM_ROLE, access, case, mask

ACCESS = access("permission => 'reports:view', description => 'new'", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "permission", name="No permission"),
    case(INVALID_ARGUMENT, "update_mask", permission="$reports"),
    case(NOT_FOUND, permission="nobody has this", name="n"),
    case(INVALID_ARGUMENT, "name", permission="$reports", name="n" * 101),
    case(ALREADY_EXISTS, "name", permission="$reports", name="credits:read"),
    case(INVALID_ARGUMENT, "action", permission="$reports", update_mask=mask("action")),
    case(SYSTEM_ROLE, permission="credits:read", name="mine"),
]
