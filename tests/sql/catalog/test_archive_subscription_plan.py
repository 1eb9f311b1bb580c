"""archive_subscription_plan: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, PLAN_IN_USE, access, case

ACCESS = access("subscription_plan => 'current', force => true", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "subscription_plan"),
    case(NOT_FOUND, subscription_plan=NOBODY, force=True),
    case(PLAN_IN_USE, subscription_plan="$pro"),
]
