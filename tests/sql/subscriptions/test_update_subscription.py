"""update_subscription: its callers, and the input that it refuses."""

from google.protobuf.timestamp_pb2 import Timestamp

from tenantry.v1.subscriptions_pb2 import (
    SUBSCRIPTION_STATUS_ACTIVE,
    SUBSCRIPTION_STATUS_EXPIRED,
    SUBSCRIPTION_STATUS_PAST_DUE,
    SUBSCRIPTION_STATUS_TRIAL,
)
from tests.support.rpc import (
    INVALID_ARGUMENT,
    MANAGED_BY_STRIPE,
    NOBODY,
    NOT_FOUND,
    SUBSCRIPTION_TRANSITION,
    access,
    case,
    mask,
)

ACCESS = access(
    "subscription_id => {subscription_first}, metadata => '{{}}'",
    hidden="stranger viewer member other_owner",
    first="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "subscription_id", status=SUBSCRIPTION_STATUS_ACTIVE),
    case(INVALID_ARGUMENT, "update_mask", subscription_id="$subscription"),
    case(NOT_FOUND, subscription_id=NOBODY, status=SUBSCRIPTION_STATUS_ACTIVE),
    case(MANAGED_BY_STRIPE, subscription_id="$ended", status=SUBSCRIPTION_STATUS_ACTIVE),
    case(MANAGED_BY_STRIPE, subscription_id="$stripes", status=SUBSCRIPTION_STATUS_PAST_DUE),
    case(SUBSCRIPTION_TRANSITION, subscription_id="$subscription", status=SUBSCRIPTION_STATUS_TRIAL),
    case(SUBSCRIPTION_TRANSITION, subscription_id="$subscription", status=SUBSCRIPTION_STATUS_EXPIRED),
    case(INVALID_ARGUMENT, "status", subscription_id="$subscription", update_mask=mask("status")),
    case(INVALID_ARGUMENT, "trial_end", subscription_id="$subscription", trial_end=Timestamp(seconds=4102444800)),
    case(
        INVALID_ARGUMENT, "current_period_end", subscription_id="$subscription", current_period_end=Timestamp(seconds=1)
    ),
    case(
        INVALID_ARGUMENT, "current_period_end", subscription_id="$subscription", update_mask=mask("current_period_end")
    ),
]
