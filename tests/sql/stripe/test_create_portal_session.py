"""create_portal_session: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, access, case

ACCESS = access(
    "organization_id => {first}, return_url => 'https://a.example'", first="billing owner platform_admin service_role"
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", return_url="https://acme.example"),
    case(INVALID_ARGUMENT, "return_url", organization_id="$acme", return_url="acme"),
]
