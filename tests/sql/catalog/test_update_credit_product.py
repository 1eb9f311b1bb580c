"""update_credit_product: its callers, and the input that it refuses."""

from tests.support.rpc import (
    ALREADY_EXISTS,
    INVALID_ARGUMENT,
    NOBODY,
    NOT_FOUND,
    STRIPE_PRICE_TAKEN,
    access,
    case,
    mask,
)

ACCESS = access("credit_product => 'current', description => 'new'", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "credit_product", name="new"),
    case(INVALID_ARGUMENT, "update_mask", credit_product="$box"),
    case(NOT_FOUND, credit_product=NOBODY, name="new"),
    case(ALREADY_EXISTS, "name", credit_product="$box", name="$pack"),
    case(INVALID_ARGUMENT, "price_amount", credit_product="$box", price_amount=0),
    case(INVALID_ARGUMENT, "credit_amount", credit_product="$box", credit_amount=-1),
    case(INVALID_ARGUMENT, "currency", credit_product="$box", currency=""),
    case(ALREADY_EXISTS, "stripe_price_id", credit_product="$box", stripe_price_id="$pack-price"),
    case(STRIPE_PRICE_TAKEN, "stripe_price_id", credit_product="$box", stripe_price_id="$pro-price"),
    case(INVALID_ARGUMENT, "name", credit_product="$box", update_mask=mask("name")),
]
