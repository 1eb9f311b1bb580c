"""get_subscription_plan: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "subscription_plan => 'old'",
    hidden="stranger viewer member billing admin owner other_owner",
    ok="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "subscription_plan"),
    case(NOT_FOUND, subscription_plan=NOBODY),
    case(NOT_FOUND, subscription_plan="' or true --"),
    case(NOT_FOUND, subscription_plan="price_nobody"),
    case(NOT_FOUND, subscription_plan="$pack-price"),
]
