"""list_stripe_requests: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_PAGE_TOKEN, access, case

ACCESS = access("organization_id => {first}", first="billing admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_PAGE_TOKEN, "page_token", page_token="$plans-token"),
]
