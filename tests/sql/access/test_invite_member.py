"""invite_member: its callers, and the input that it refuses."""

from tests.support.rpc import INVALID_ARGUMENT, NOBODY, NOT_FOUND, ZERO, access, case

ACCESS = access(
    "organization_id => {first}, email => 'new@example.com', role => 'viewer'",
    first="admin owner platform_admin service_role",
)

BAD_INPUT = [
    case(INVALID_ARGUMENT, "organization_id", email="a@example.com", role="viewer"),
    case(INVALID_ARGUMENT, "email", organization_id="$acme", role="viewer"),
    case(INVALID_ARGUMENT, "email", organization_id="$acme", email="nobody", role="viewer"),
    case(INVALID_ARGUMENT, "role", organization_id="$acme", email="a@example.com"),
    case(NOT_FOUND, organization_id="$acme", email="a@b.c", role="nobody has this"),
    case(INVALID_ARGUMENT, "time_to_live", organization_id="$acme", email="a@b.c", role="viewer", time_to_live=ZERO),
    case(NOT_FOUND, organization_id=NOBODY, email="a@b.c", role="viewer"),
]
