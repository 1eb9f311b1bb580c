"""get_permission: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "permission => 'reports:view'",
    ok="stranger viewer member billing admin owner other_owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "permission"),
    case(NOT_FOUND, permission=NOBODY),
    case(NOT_FOUND, permission="' or true --"),
]
