"""list_members: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access("organization_id => {first}", first="viewer member admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id"),
]
