"""extend_hold: its callers, and the input that it refuses."""

from tests.support.rpc import HOUR, INVALID_ARGUMENT, NOBODY, ZERO, access, case

ACCESS = access(
    "organization_id => {first}, hold_id => {hold_first}, time_to_live => '1 hour'",
    first="member admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", hold_id=NOBODY, time_to_live=HOUR),
    case(INVALID_ARGUMENT, "hold_id", organization_id="$acme", time_to_live=HOUR),
    case(INVALID_ARGUMENT, "time_to_live", organization_id="$acme", hold_id=NOBODY, time_to_live=ZERO),
]
