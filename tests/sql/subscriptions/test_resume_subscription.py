"""resume_subscription: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, SUBSCRIPTION_ENDED, access, case

ACCESS = access(
    "subscription_id => {subscription_first}",
    hidden="stranger viewer member other_owner",
    first="billing owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "subscription_id"),
    case(NOT_FOUND, subscription_id=NOBODY),
    case(SUBSCRIPTION_ENDED, subscription_id="$ended"),
]
