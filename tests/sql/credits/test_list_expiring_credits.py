"""list_expiring_credits: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, expires_before => 'infinity'",
    first="viewer member billing admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(NOT_FOUND, organization_id=NOBODY),
]
