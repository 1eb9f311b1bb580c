"""sync_catalog: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access("direction => 'push'", ok="platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "direction"),
]
