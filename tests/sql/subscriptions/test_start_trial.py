"""start_trial: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NO_TRIAL, PLAN_INACTIVE, access, case

ACCESS = access(
    "organization_id => {first}, subscription_plan => 'current'", TN028="billing owner platform_admin service_role"
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(INVALID_ARGUMENT, "subscription_plan", organization_id="$rich"),
    case(PLAN_INACTIVE, organization_id="$rich", subscription_plan="$sold-out"),
    case(NO_TRIAL, organization_id="$rich", subscription_plan="$team"),
]
