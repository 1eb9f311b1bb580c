"""create_subscription_plan: its callers, and the input that it refuses."""

from typing import Any

from tenantry.v1.catalog_pb2 import BILLING_INTERVAL_ANNUAL
from tests.support.rpc import ALREADY_EXISTS, ANY_UUID, INVALID_ARGUMENT, STRIPE_PRICE_TAKEN, access, case, struct

ACCESS = access("name => 'new', price_amount => 1, \"interval\" => 'monthly'", ok="platform_admin service_role")

GOOD: dict[str, Any] = {"name": "new", "price_amount": 1, "interval": BILLING_INTERVAL_ANNUAL}

BAD_INPUT = [
    case(INVALID_ARGUMENT, "name", **GOOD | {"name": ""}),
    case(INVALID_ARGUMENT, "name", **GOOD | {"name": "n" * 101}),
    case(INVALID_ARGUMENT, "name", **GOOD | {"name": ANY_UUID}),
    case(INVALID_ARGUMENT, "name", **GOOD | {"name": "price_1"}),
    case(INVALID_ARGUMENT, "name", **GOOD | {"name": "local:x"}),
    case(INVALID_ARGUMENT, "price_amount", **GOOD | {"price_amount": None}),
    case(INVALID_ARGUMENT, "price_amount", **GOOD | {"price_amount": -1}),
    case(INVALID_ARGUMENT, "price_amount", **GOOD | {"price_amount": -2147483648}),
    case(INVALID_ARGUMENT, "currency", **GOOD | {"currency": "US"}),
    case(INVALID_ARGUMENT, "currency", **GOOD | {"currency": "'; -"}),
    case(INVALID_ARGUMENT, "stripe_price_id", **GOOD | {"stripe_price_id": "p" * 256}),
    case(INVALID_ARGUMENT, "stripe_price_id", **GOOD | {"stripe_price_id": "local:x"}),
    case(INVALID_ARGUMENT, "stripe_product_id", **GOOD | {"stripe_product_id": "two words"}),
    case(ALREADY_EXISTS, "name", **GOOD | {"name": "$pro"}),
    case(ALREADY_EXISTS, "stripe_price_id", **GOOD | {"stripe_price_id": "$pro-price"}),
    case(STRIPE_PRICE_TAKEN, "stripe_price_id", **GOOD | {"stripe_price_id": "$pack-price"}),
    case(INVALID_ARGUMENT, "interval", **GOOD | {"interval": None}),
    case(INVALID_ARGUMENT, "interval_count", **GOOD | {"interval_count": 0}),
    case(INVALID_ARGUMENT, "interval_count", **GOOD | {"interval_count": 4}),
    case(INVALID_ARGUMENT, "interval_count", **GOOD | {"interval_count": 2147483647}),
    case(INVALID_ARGUMENT, "included_credits", **GOOD | {"included_credits": -1}),
    case(INVALID_ARGUMENT, "max_users", **GOOD | {"max_users": 0}),
    case(INVALID_ARGUMENT, "trial_period_days", **GOOD | {"trial_period_days": 731}),
    case(INVALID_ARGUMENT, "features", **GOOD | {"features": struct({"grace_days": 1.5})}),
    case(INVALID_ARGUMENT, "features", **GOOD | {"features": struct({"credit_rollover": "some"})}),
    case(INVALID_ARGUMENT, "features", **GOOD | {"features": struct({"trial": True})}),
]
