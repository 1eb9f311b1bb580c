"""get_credit_product: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "credit_product => 'old'",
    hidden="stranger viewer member billing admin owner other_owner",
    ok="platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "credit_product"),
    case(NOT_FOUND, credit_product=NOBODY),
    case(NOT_FOUND, credit_product="$pro"),
]
