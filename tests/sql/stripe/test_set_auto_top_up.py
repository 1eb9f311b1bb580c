"""set_auto_top_up: its callers, and the input that it refuses."""

from typing import Any

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, credit_product => 'current', threshold => 1, monthly_cap => 2",
    first="billing owner platform_admin service_role",
)

GOOD: dict[str, Any] = {"organization_id": "$acme", "credit_product": "$pack", "threshold": 1, "monthly_cap": 1}

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", credit_product="$pack", threshold=1, monthly_cap=1),
    case(INVALID_ARGUMENT, "credit_product", **GOOD | {"credit_product": ""}),
    case(NOT_FOUND, **GOOD | {"credit_product": "none"}),
    case(INVALID_ARGUMENT, "threshold", **GOOD | {"threshold": 0}),
    case(INVALID_ARGUMENT, "threshold", **GOOD | {"threshold": 2147483647}),
    case(INVALID_ARGUMENT, "monthly_cap", **GOOD | {"monthly_cap": 0}),
    case(NOT_FOUND, **GOOD | {"organization_id": NOBODY}),
]
