"""change_plan: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, PLAN_INACTIVE, SUBSCRIPTION_ENDED, access, case

ACCESS = access(
    "subscription_id => {subscription_first}, subscription_plan => 'current'",
    hidden="stranger viewer member other_owner",
    first="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "subscription_id"),
    case(NOT_FOUND, subscription_id=NOBODY, subscription_plan="$team"),
    case(SUBSCRIPTION_ENDED, subscription_id="$ended", subscription_plan="$team"),
    case(INVALID_ARGUMENT, "subscription_plan", subscription_id="$subscription"),
    case(INVALID_ARGUMENT, "quantity", subscription_id="$subscription", subscription_plan="$team", quantity=0),
    case(INVALID_ARGUMENT, "quantity", subscription_id="$subscription", subscription_plan="$team", quantity=-1),
    case(INVALID_ARGUMENT, "quantity", subscription_id="$subscription", subscription_plan="$team", quantity=2),
    case(INVALID_ARGUMENT, "quantity", subscription_id="$stripes", subscription_plan="$pro", quantity=0),
    case(INVALID_ARGUMENT, "quantity", subscription_id="$stripes", subscription_plan="$pro", quantity=1001),
    case(PLAN_INACTIVE, subscription_id="$subscription", subscription_plan="$sold-out"),
    case(INVALID_ARGUMENT, "subscription_plan", subscription_id="$stripes", subscription_plan="$team"),
]
