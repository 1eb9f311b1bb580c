"""get_auto_top_up: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOT_FOUND, access, case

ACCESS = access("organization_id => {first}", first="billing admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
    case(NOT_FOUND, organization_id="$acme"),
]
