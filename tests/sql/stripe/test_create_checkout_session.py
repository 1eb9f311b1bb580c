"""create_checkout_session: its callers, and the input that it refuses."""

from typing import Any

from tests.support.rpc import (
    INVALID_ARGUMENT,
    NOT_AT_STRIPE,
    NOT_FOUND,
    PLAN_INACTIVE,
    SUBSCRIPTION_EXISTS,
    access,
    case,
)

ACCESS = access(
    "organization_id => {first}, credit_product => 'current', success_url => 'https://a.example', "
    "cancel_url => 'https://a.example'",
    first="billing owner platform_admin service_role",
)

GOOD: dict[str, Any] = {
    "organization_id": "$acme",
    "success_url": "https://acme.example/paid",
    "cancel_url": "https://acme.example/plans",
}

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", subscription_plan="$pro"),
    case(INVALID_ARGUMENT, "subscription_plan", **GOOD),
    case(INVALID_ARGUMENT, "credit_product", **GOOD | {"subscription_plan": "$pro", "credit_product": "$pack"}),
    case(INVALID_ARGUMENT, "success_url", **GOOD | {"subscription_plan": "$pro", "success_url": ""}),
    case(INVALID_ARGUMENT, "cancel_url", **GOOD | {"subscription_plan": "$pro", "cancel_url": "javascript:alert(1)"}),
    case(INVALID_ARGUMENT, "email", **GOOD | {"subscription_plan": "$pro", "email": "@"}),
    case(INVALID_ARGUMENT, "quantity", **GOOD | {"subscription_plan": "$pro", "quantity": 0}),
    case(INVALID_ARGUMENT, "quantity", **GOOD | {"subscription_plan": "$pro", "quantity": -1}),
    case(INVALID_ARGUMENT, "quantity", **GOOD | {"subscription_plan": "$pro", "quantity": 1001}),
    case(INVALID_ARGUMENT, "locale", **GOOD | {"subscription_plan": "$pro", "locale": "Klingon"}),
    case(INVALID_ARGUMENT, "currency", **GOOD | {"subscription_plan": "$pro", "currency": "euro"}),
    case(
        INVALID_ARGUMENT,
        "trial_without_payment_method",
        **GOOD | {"credit_product": "$pack", "trial_without_payment_method": True},
    ),
    case(NOT_AT_STRIPE, **GOOD | {"subscription_plan": "$team"}),
    case(PLAN_INACTIVE, **GOOD | {"subscription_plan": "$sold-out"}),
    case(NOT_FOUND, **GOOD | {"subscription_plan": "none"}),
    case(SUBSCRIPTION_EXISTS, **GOOD | {"subscription_plan": "$pro", "organization_id": "$idle"}),
    case(INVALID_ARGUMENT, "quantity", **GOOD | {"credit_product": "$pack", "quantity": 0}),
    case(INVALID_ARGUMENT, "quantity", **GOOD | {"credit_product": "$pack", "quantity": 1001}),
    case(NOT_AT_STRIPE, **GOOD | {"credit_product": "$box"}),
    case(NOT_FOUND, **GOOD | {"credit_product": "none"}),
]
