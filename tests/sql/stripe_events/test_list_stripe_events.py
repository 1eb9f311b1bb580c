"""list_stripe_events: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access("", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "page_size", page_size=-1),
]
