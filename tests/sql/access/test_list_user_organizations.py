"""list_user_organizations: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access(
    "user_id => {colleague}",
    empty="stranger billing other_owner",
    first="viewer member admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "user_id"),
]
