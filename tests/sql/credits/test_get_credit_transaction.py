"""get_credit_transaction: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, credit_transaction_id => {spent_first}",
    first="viewer member billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", credit_transaction_id=NOBODY),
    case(INVALID_ARGUMENT, "credit_transaction_id", organization_id="$acme"),
    case(NOT_FOUND, organization_id="$acme", credit_transaction_id=NOBODY),
]
