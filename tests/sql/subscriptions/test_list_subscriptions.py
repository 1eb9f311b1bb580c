"""list_subscriptions: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_PAGE_TOKEN, NOT_FOUND, access, case

ACCESS = access(
    "",
    empty="stranger viewer member",
    first="billing admin owner",
    second="other_owner",
    both="platform_admin service_role",
)

BAD_INPUT = [
    case(NOT_FOUND, subscription_plan="none"),
    case(INVALID_PAGE_TOKEN, "page_token", page_token="$plans-token"),
]
