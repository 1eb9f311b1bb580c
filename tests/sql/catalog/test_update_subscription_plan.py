"""update_subscription_plan: its callers, and the input that it refuses."""

from tenantry.v1.catalog_pb2 import BILLING_INTERVAL_DAILY
from tests.support.rpc import (
    ALREADY_EXISTS,
    INVALID_ARGUMENT,
    NOBODY,
    NOT_FOUND,
    PLAN_IN_USE,
    STRIPE_PRICE_TAKEN,
    access,
    case,
    mask,
)

ACCESS = access("subscription_plan => 'current', description => 'new'", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "subscription_plan", name="new"),
    case(INVALID_ARGUMENT, "update_mask", subscription_plan="$team"),
    case(NOT_FOUND, subscription_plan=NOBODY, name="new"),
    case(ALREADY_EXISTS, "name", subscription_plan="$team", name="$pro"),
    case(INVALID_ARGUMENT, "name", subscription_plan="$team", name="price_1"),
    case(INVALID_ARGUMENT, "stripe_price_id", subscription_plan="$team", stripe_price_id=""),
    case(ALREADY_EXISTS, "stripe_price_id", subscription_plan="$team", stripe_price_id="$pro-price"),
    case(STRIPE_PRICE_TAKEN, "stripe_price_id", subscription_plan="$team", stripe_price_id="$pack-price"),
    case(INVALID_ARGUMENT, "interval", subscription_plan="$team", update_mask=mask("interval")),
    case(PLAN_IN_USE, "price_amount", subscription_plan="$pro", price_amount=1),
    case(PLAN_IN_USE, "currency", subscription_plan="$pro", currency="EUR"),
    case(PLAN_IN_USE, "interval", subscription_plan="$pro", interval=BILLING_INTERVAL_DAILY),
    case(PLAN_IN_USE, "interval_count", subscription_plan="$pro", interval_count=2),
    case(PLAN_IN_USE, "is_active", subscription_plan="$pro", is_active=False),
    case(PLAN_IN_USE, "stripe_price_id", subscription_plan="$pro", stripe_price_id="price_other"),
]
