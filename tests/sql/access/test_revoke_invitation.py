"""revoke_invitation: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, access, case

ACCESS = access(
    "organization_id => {first}, invitation_id => {invitation_first}", first="admin owner platform_admin service_role"
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", invitation_id=NOBODY),
    case(INVALID_ARGUMENT, "invitation_id", organization_id="$acme"),
    case(NOT_FOUND, organization_id="$acme", invitation_id=NOBODY),
]
