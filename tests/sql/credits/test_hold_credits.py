"""hold_credits: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, ORGANIZATION_INACTIVE, ZERO, access, case

ACCESS = access("organization_id => {first}, amount => 1", first="member admin owner platform_admin service_role")

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", amount=1),
    case(ORGANIZATION_INACTIVE, organization_id="$idle", amount=1),
    case(INVALID_ARGUMENT, "amount", organization_id="$acme", amount=0),
    case(INVALID_ARGUMENT, "time_to_live", organization_id="$acme", amount=1, time_to_live=ZERO),
]

REQUEST_ID = [{"organization_id": "$acme", "amount": 1}]
