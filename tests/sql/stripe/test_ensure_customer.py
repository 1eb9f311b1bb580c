"""ensure_customer: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access("organization_id => {first}", first="billing owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(NOT_FOUND, organization_id=NOBODY),
    case(INVALID_ARGUMENT, "email", organization_id="$acme", email="acme"),
]
