"""get_billing_record: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, billing_record_id => {bill_first}",
    first="billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", billing_record_id=NOBODY),
    case(INVALID_ARGUMENT, "billing_record_id", organization_id="$acme"),
    case(NOT_FOUND, organization_id="$acme", billing_record_id=NOBODY),
    case(NOT_FOUND, organization_id="$idle", billing_record_id="$bill"),
    case(NOT_FOUND, organization_id="$acme", stripe_invoice_id="' or true --"),
    case(
        INVALID_ARGUMENT,
        "billing_record_id",
        organization_id="$acme",
        billing_record_id="$bill",
        stripe_invoice_id="$invoice",
    ),
]
