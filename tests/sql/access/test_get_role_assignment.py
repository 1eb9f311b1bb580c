"""get_role_assignment: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "user_role_id => {colleague_role}",
    hidden="stranger billing other_owner",
    first="viewer member admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "user_role_id"),
    case(NOT_FOUND, user_role_id=NOBODY),
]
