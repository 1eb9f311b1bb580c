"""release_hold: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, hold_id => {hold_first}", first="member admin owner platform_admin service_role"
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", hold_id=NOBODY),
    case(INVALID_ARGUMENT, "hold_id", organization_id="$acme"),
    case(NOT_FOUND, organization_id="$acme", hold_id=NOBODY),
]
