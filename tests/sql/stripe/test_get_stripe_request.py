"""get_stripe_request: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, stripe_request_id => {request_first}",
    first="billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "stripe_request_id", organization_id="$acme"),
    case(NOT_FOUND, stripe_request_id=NOBODY),
]
