"""get_subscription: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "subscription_id => {subscription_first}",
    hidden="stranger viewer member other_owner",
    first="billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "subscription_id"),
    case(INVALID_ARGUMENT, "subscription_id", subscription_id=NOBODY, organization_id="$acme"),
    case(NOT_FOUND, subscription_id=NOBODY),
    case(NOT_FOUND, stripe_subscription_id="sub_none"),
    case(NOT_FOUND, organization_id="$rich"),
]
