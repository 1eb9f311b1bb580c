"""create_subscription: its callers, and the input that it refuses."""

from google.protobuf.timestamp_pb2 import Timestamp

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, PLAN_INACTIVE, SUBSCRIPTION_EXISTS, access, case

ACCESS = access("organization_id => {first}, subscription_plan => 'current'", TN026="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(INVALID_ARGUMENT, "subscription_plan", organization_id="$rich"),
    case(NOT_FOUND, organization_id="$rich", subscription_plan=NOBODY),
    case(PLAN_INACTIVE, organization_id="$rich", subscription_plan="$sold-out"),
    case(NOT_FOUND, organization_id=NOBODY, subscription_plan="$team"),
    case(SUBSCRIPTION_EXISTS, organization_id="$acme", subscription_plan="$team"),
    case(
        INVALID_ARGUMENT,
        "current_period_start",
        organization_id="$rich",
        subscription_plan="$team",
        current_period_start=Timestamp(seconds=4102444800),
    ),
    case(
        INVALID_ARGUMENT,
        "current_period_start",
        organization_id="$rich",
        subscription_plan="$team",
        current_period_start=Timestamp(seconds=1),
    ),
]
