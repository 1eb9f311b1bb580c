"""delete_permission: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOT_FOUND, SYSTEM_ROLE, access, case

ACCESS = access("permission => 'reports:view'", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "permission"),
    case(NOT_FOUND, permission="nobody has this"),
    case(SYSTEM_ROLE, permission="credits:read"),
]
