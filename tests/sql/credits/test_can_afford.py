"""can_afford: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access(
    "organization_id => {first}, credit_event => 'image'",
    no="stranger viewer billing other_owner",
    ok="member admin owner platform_admin service_role",
)

# Every other request has the answer false: no credits pay for an unknown event or organization.
BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", organization_id="acme", credit_event="$image"),
]
