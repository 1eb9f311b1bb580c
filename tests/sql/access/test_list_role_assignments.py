"""list_role_assignments: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_PAGE_TOKEN, access, case

ACCESS = access(
    "",
    empty="stranger",
    first="viewer member billing admin owner",
    second="other_owner",
    both="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_PAGE_TOKEN, "page_token", page_token="$permissions-token"),
]
