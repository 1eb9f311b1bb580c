"""create_credit_product: its callers, and the input that it refuses."""

from typing import Any

from tests.support.rpc import ALREADY_EXISTS, ANY_UUID, INVALID_ARGUMENT, STRIPE_PRICE_TAKEN, access, case

ACCESS = access("name => 'new', credit_amount => 1, price_amount => 1", ok="platform_admin service_role")

GOOD: dict[str, Any] = {"name": "new", "price_amount": 1, "credit_amount": 1}

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
    case(ALREADY_EXISTS, "name", **GOOD | {"name": "$pack"}),
    case(ALREADY_EXISTS, "stripe_price_id", **GOOD | {"stripe_price_id": "$pack-price"}),
    case(STRIPE_PRICE_TAKEN, "stripe_price_id", **GOOD | {"stripe_price_id": "$pro-price"}),
    case(INVALID_ARGUMENT, "price_amount", **GOOD | {"price_amount": 0}),
    case(INVALID_ARGUMENT, "credit_amount", **GOOD | {"credit_amount": None}),
    case(INVALID_ARGUMENT, "credit_amount", **GOOD | {"credit_amount": 0}),
    case(INVALID_ARGUMENT, "credit_amount", **GOOD | {"credit_amount": -2147483648}),
]
